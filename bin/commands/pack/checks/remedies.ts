/** Is there something to do about every kind, and is it what the manifest says? */
import type { Kind } from '../../../../lib/contracts/common.ts';
import { proposal as proposalContract } from '../../../../lib/contracts/remediation.ts';
import type { Series } from '../../../../lib/core/series.ts';
import { outerKinds } from './manifest.ts';
import type { Check, Subject } from './subject.ts';

export const remedyCheck: Check = {
  name: 'remedies are complete, and proposals are what the manifest says',
  problems: async (subject) => {
    const { pack } = subject;
    if (pack.planRemedy === undefined) return ['The pack plans no remedy: it has no planRemedy.'];
    const problems: string[] = [];
    if (planned(subject, 'normal', {}) !== undefined) problems.push('Something would be done about "normal".');
    for (const kind of [...pack.manifest.kinds, ...outerKinds]) {
      if (kind === 'normal') continue;
      problems.push(...(await problemsOf(subject, kind)));
    }
    return [...new Set(problems)];
  },
};

interface Found {
  readonly zones?: readonly string[];
  readonly suspect?: string;
}

const planned = ({ pack, registration }: Subject, kind: Kind, { zones, suspect }: Found) =>
  pack.planRemedy?.({
    registration,
    classification: {
      kind,
      ...(zones === undefined ? {} : { zones }),
      ...(suspect === undefined ? {} : { suspect }),
      explanation: { sentence: 'Seen in the example.', contributions: [] },
    },
  });

/** Whatever the classifier names, or nothing at all: there is always something to do. */
async function problemsOf(subject: Subject, kind: Kind): Promise<string[]> {
  const { pack, registration, calibration, history } = subject;
  const { zones, pumps } = registration.topology;
  const places = [
    ...new Set([...zones.map(({ name }) => name), ...registration.channels.flatMap(({ zone }) => zone ?? [])]),
  ];
  const suspects = [pumps[0]?.name, registration.channels[0]?.name].filter((name) => name !== undefined);
  const found: Found[] = [{}, { zones: places }, { zones: ['no-such-zone'], suspect: 'no-such-element' }];
  for (const suspect of suspects) found.push({ zones: places, suspect });
  const problems: string[] = [];
  for (const one of found) {
    const made = planned(subject, kind, one);
    const parsed = proposalContract.safeParse(made);
    if (!parsed.success) {
      problems.push(
        `About "${kind}" ${made === undefined ? 'nothing would be done' : `an invalid proposal is made: ${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`}.`,
      );
      continue;
    }
    const { action, remediator, inverse, verification } = parsed.data;
    const said = pack.manifest.remedies.find((remedy) => remedy.kind === kind && remedy.action === action);
    if (said === undefined)
      problems.push(`About "${kind}" the pack would do "${action}", which its manifest does not list.`);
    else if (said.adapter !== remediator)
      problems.push(`"${action}" goes to "${remediator}"; the manifest says "${said.adapter}".`);
    else if (said.inverse !== inverse)
      problems.push(`"${action}" is undone by "${inverse}"; the manifest says "${said.inverse}".`);
    if (verification === undefined) continue;
    if (pack.judgeRecovery === undefined) {
      problems.push(`"${action}" is to be verified, and the pack has no judgeRecovery.`);
      continue;
    }
    const none = pack.judgeRecovery(firstRows(history, 0), calibration, parsed.data);
    if (none !== 'not-yet')
      problems.push(`Without a single reading "${action}" is judged "${none}" rather than "not-yet".`);
    const judged = pack.judgeRecovery(firstRows(history, 200), calibration, parsed.data);
    if (!['recovered', 'not-yet', 'not-recovered'].includes(judged))
      problems.push(`"${action}" is judged "${judged}".`);
  }
  return problems;
}

const firstRows = ({ channels, timesMs, values }: Series, rows: number): Series => ({
  channels,
  timesMs: timesMs.slice(0, rows),
  values: values.slice(0, rows * channels.length),
});
