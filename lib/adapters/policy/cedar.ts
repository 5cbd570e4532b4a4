/**
 * Cedar policies of a pack: `models/<pack>/policies/*.cedar` and `schema.cedarschema`, parsed once for a process. The
 * package reads `cedar_wasm_bg.wasm` from beside the bundle when it is loaded.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CheckParseAnswer,
  type DetailedError,
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { hashOf } from '../../core/audit/canonical.ts';
import { CorruptDataError } from '../../core/errors.ts';
import type { Answer, Authorizer, Question } from '../../core/guard/guard.ts';

const maxPolicies = 256;

/** Text of each policy file by its name, the schema among them. */
export type PolicyFiles = Readonly<Record<string, string>>;

export function readPolicyFiles(folder: string): PolicyFiles {
  const names = readdirSync(folder).filter((name) => /\.(cedar|cedarschema)$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/**
 * @param pack the pack's name; principals are `Model::"<pack>"`
 * @throws CorruptDataError where a policy or the schema does not parse, does not validate, or has no unique @id
 */
export function cedarAuthorizer(pack: string, files: PolicyFiles): Authorizer {
  const policyHash = hashOf(files);
  // The engine keeps what it has parsed under these names; the hash in them keeps two versions apart.
  const name = `${pack}:${policyHash}`;
  const schema = Object.entries(files).filter(([file]) => file.endsWith('.cedarschema'));
  if (schema.length !== 1) throw wrong(pack, `${schema.length} schema files where one belongs`);
  const policies = policiesById(pack, files);
  check(pack, 'the schema', preparseSchema(name, schema[0]![1]));
  check(pack, 'the policies', preparsePolicySet(name, { staticPolicies: policies }));
  const found = validate({ schema: schema[0]![1], policies: { staticPolicies: policies } });
  if (found.type === 'failure') throw wrong(pack, messages(found.errors));
  if (found.validationErrors.length > 0) {
    throw wrong(pack, messages(found.validationErrors.map(({ error }) => error)));
  }
  let limits: number[] | undefined;
  return {
    policyHash,
    get confidenceLimits() {
      limits ??= Object.values(policies).flatMap(confidenceLimits);
      return limits;
    },
    authorize: (question) => authorize(name, question),
  };
}

/** Whole numbers that a policy compares `context.confidence` with, from its JSON form. */
function confidenceLimits(policy: string): number[] {
  const parsed = policyToJson(policy);
  if (parsed.type === 'failure') return [];
  const found: number[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [operator, operands] of Object.entries(node)) {
      if (['<', '<=', '>', '>=', '==', '!='].includes(operator)) {
        const { left, right } = operands as { left?: unknown; right?: unknown };
        for (const [one, other] of [
          [left, right],
          [right, left],
        ]) {
          const value = (other as { Value?: unknown } | undefined)?.Value;
          if (JSON.stringify(one) === confidenceJson && typeof value === 'number') found.push(value);
        }
      }
      visit(operands);
    }
  };
  visit(parsed.json.conditions);
  return found;
}
const confidenceJson = JSON.stringify({ '.': { left: { Var: 'context' }, attr: 'confidence' } });

function authorize(name: string, { action, pack, asset, site, context }: Question): Answer {
  const answer = statefulIsAuthorized({
    principal: { type: 'Model', id: pack },
    action: { type: 'Action', id: action },
    resource: { type: 'Asset', id: asset },
    context: { ...context },
    preparsedSchemaName: name,
    // A fact of a wrong type is an error, not a policy that silently does not match.
    validateRequest: true,
    preparsedPolicySetId: name,
    entities: [
      { uid: { type: 'Model', id: pack }, attrs: {}, parents: [] },
      { uid: { type: 'Asset', id: asset }, attrs: { site, pack }, parents: [] },
    ],
  });
  if (answer.type === 'failure') return { allowed: false, policies: [], errors: [messages(answer.errors)] };
  const { decision, diagnostics } = answer.response;
  return {
    allowed: decision === 'allow',
    policies: [...diagnostics.reason].sort(),
    errors: diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`),
  };
}

/** Policies under their own @id, so that a decision names what a person finds in the files. */
function policiesById(pack: string, files: PolicyFiles): Record<string, string> {
  const byId: Record<string, string> = {};
  for (const [file, text] of Object.entries(files)) {
    if (!file.endsWith('.cedar')) continue;
    const parts = policySetTextToParts(text);
    if (parts.type === 'failure') throw wrong(pack, `${file}: ${messages(parts.errors)}`);
    if (parts.policy_templates.length > 0) throw wrong(pack, `${file} has templates, which nothing here links`);
    for (const policy of parts.policies) {
      const parsed = policyToJson(policy);
      const id = parsed.type === 'success' ? parsed.json.annotations?.['id'] : undefined;
      if (typeof id !== 'string') throw wrong(pack, `a policy in ${file} has no @id`);
      if (Object.hasOwn(byId, id)) throw wrong(pack, `the @id "${id}" is given twice`);
      byId[id] = policy;
    }
  }
  const count = Object.keys(byId).length;
  if (count > maxPolicies) throw wrong(pack, `${count} policies, at most ${maxPolicies}`);
  return byId;
}

function check(pack: string, what: string, answer: CheckParseAnswer): void {
  if (answer.type === 'failure') throw wrong(pack, `${what}: ${messages(answer.errors)}`);
}

const messages = (errors: readonly DetailedError[]): string => errors.map(({ message }) => message).join('; ');

const wrong = (pack: string, problem: string): CorruptDataError =>
  new CorruptDataError(`The policies of pack "${pack}" are wrong: ${problem}.`, { code: 'policies-invalid' });

/**
 * Opens each pack's policies once for the process.
 * @param folderOf where the policies of a pack lie
 * @param early packs to open and to ask once at once: loading the engine and its first answer take a tenth of a second,
 *   which belongs into the start of a process, not into somebody's decision
 */
export function cedarAuthorizers(
  folderOf: (pack: string) => string,
  early: readonly string[] = [],
): (pack: string) => Authorizer {
  const opened = new Map<string, Authorizer>();
  const open = (pack: string): Authorizer => {
    if (!/^[a-z][a-z0-9-]{0,63}$/.test(pack)) throw wrong(pack, 'that is no name of a pack');
    const authorizer = opened.get(pack) ?? cedarAuthorizer(pack, readPolicyFiles(folderOf(pack)));
    opened.set(pack, authorizer);
    return authorizer;
  };
  for (const pack of early) {
    try {
      open(pack).authorize({ action: 'ask', pack, asset: 'none', site: 'none', context: noFacts });
    } catch {
      // Nothing is kept of what does not open: whoever asks is told why, as if nobody had tried before.
    }
  }
  return open;
}

const noFacts: Question['context'] = {
  kind: 'normal',
  reason: 'onset',
  confidence: 0,
  oodPValuePerMille: 0,
  evidenceAgeMs: 0,
  remedyAction: 'none',
  remedyTarget: '',
  highImpact: false,
  quotaLeft: 0,
  stopped: true,
  heldByCase: false,
  singleClass: false,
};
