/** Do the policies validate, and do they keep what every pack promises? They are asked, not read. */
import { join } from 'node:path';
import { cedarAuthorizer, readPolicyFiles } from '../../../../lib/adapters/policy/cedar.ts';
import type { EvidenceContext } from '../../../../lib/core/guard/evidence.ts';
import type { Answer, Authorizer } from '../../../../lib/core/guard/guard.ts';
import { outerKinds } from './manifest.ts';
import type { Check } from './subject.ts';

/** As good as evidence can be: if anything acts, it acts on this. */
const best: EvidenceContext = {
  kind: '',
  reason: 'onset',
  confidence: 1000,
  oodPValuePerMille: 1000,
  evidenceAgeMs: 0,
  remedyAction: '',
  remedyTarget: 'x',
  highImpact: false,
  quotaLeft: 100,
  stopped: false,
  heldByCase: false,
  singleClass: true,
};

/** On each of these nothing acts by itself, at any site. */
const inTheWay: Readonly<Record<string, Partial<EvidenceContext>>> = {
  'the stop switch is on': { stopped: true },
  'the evidence is a day old': { evidenceAgeMs: 86_400_000 },
  'the window is out of distribution': { oodPValuePerMille: 0 },
  'the quota is used up': { quotaLeft: 0 },
  'another case holds': { heldByCase: true },
  'the impact is high': { highImpact: true },
  'several kinds are possible': { singleClass: false },
  'the model is unsure': { confidence: 400 },
};

/** Begins the name of a policy that lets something act; what stands behind it is the site and then the action. */
const actPrefix = 'act-';

const newSite = 'a-site-that-no-policy-names';

export const policyCheck: Check = {
  name: 'the policies validate, deny by default, are named for what they do, and let nothing act against a guard rail',
  problems: ({ folder, pack: { manifest } }) => {
    let authorizer: Authorizer;
    const files = readPolicyFiles(join(folder, 'policies'));
    try {
      authorizer = cedarAuthorizer(manifest.name, files);
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
    const texts = Object.values(files).join('\n');
    const sites = [...new Set([...texts.matchAll(/resource\.site == "([^"]+)"/g)].map((match) => match[1]!))];
    const kinds = [...manifest.kinds, ...outerKinds];
    const actions = [...new Set([...manifest.remedies.map(({ action }) => action), 'none'])];
    const problems = new Set<string>();
    const ask = (action: 'act' | 'ask', site: string, context: EvidenceContext): Answer => {
      const answer = authorizer.authorize({ action, pack: manifest.name, asset: 'example-asset', site, context });
      for (const error of answer.errors) problems.add(`A policy could not be evaluated: ${error}`);
      for (const problem of misnamed(action, answer, site, context.remedyAction)) problems.add(problem);
      return answer;
    };
    for (const kind of kinds) {
      for (const remedyAction of actions) {
        const context = { ...best, kind, remedyAction };
        if (ask('act', newSite, context).allowed) {
          problems.add(`At a site that no policy names, "${remedyAction}" would happen by itself on "${kind}".`);
        }
        for (const site of [...sites, newSite]) {
          for (const [why, facts] of Object.entries(inTheWay)) {
            if (ask('act', site, { ...context, ...facts }).allowed) {
              problems.add(`"${remedyAction}" would happen by itself at ${site} although ${why}.`);
            }
          }
          ask('ask', site, context);
          if (ask('act', site, context).allowed && kind === 'normal')
            problems.add(`Something would be done at ${site} on "normal".`);
        }
      }
    }
    for (const [, id = ''] of texts.matchAll(/@id\("([^"]*)"\)/g)) {
      if (id.startsWith(actPrefix) && !actions.some((action) => `${id}-`.includes(`-${action}-`)))
        problems.add(`"${id}" is named for no action of this pack: it has ${actions.join(', ')}.`);
    }
    for (const reason of ['manual', 'silence']) {
      if (!ask('ask', newSite, { ...best, kind: reason, reason, remedyAction: 'raise-ticket' }).allowed) {
        problems.add(`Nobody is asked where the reason is "${reason}": that opens a case at every site.`);
      }
    }
    return [...problems];
  },
};

/** A record names the policies that made a decision, and whoever reads it years later takes them at their word. */
function* misnamed(
  action: 'act' | 'ask',
  { allowed, policies }: Answer,
  site: string,
  done: string,
): Generator<string> {
  const own = `${actPrefix}${site}-${done}`;
  for (const id of policies) {
    if (!allowed && !id.startsWith('never-')) yield `"${id}" forbids: a name that begins with "never-" would say so.`;
    if (allowed && action === 'ask' && !id.startsWith('ask-'))
      yield `"${id}" lets a person be asked: a name that begins with "ask-" would say so.`;
    if (allowed && action === 'act' && id !== own && !id.startsWith(`${own}-`))
      yield `"${id}" lets "${done}" happen by itself at ${site}: give that a policy of its own, named "${own}".`;
  }
}
