/**
 * Safeguards that can be switched off, one at a time, to see that a campaign would notice. Not by switches in the
 * product: bundles or modules are made from a changed text, and where a text has no such place any more this fails.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Assembly } from '../../bin/commands/start/assembly.ts';
import { buildFunctions, repositoryRoot } from '../../layers/build.ts';
import { defaultPrefix, type FunctionName, namesOf } from '../../lib/contracts/names.ts';
import { readStack } from '../../local/assembly/read-stack.ts';

export const mutationNames = [
  'lease-condition',
  'fence',
  'announce-before-act',
  'journal-before-act',
  'puback-after-durable',
  'stop-check',
] as const;
export type MutationName = (typeof mutationNames)[number];

export interface Mutation {
  readonly name: MutationName;
  /** What is not so any more. */
  readonly says: string;
  /** Path from the repository's root. */
  readonly file: string;
  /** Each text must be there exactly once. */
  readonly edits: readonly { readonly from: string; readonly to: string }[];
  /** Functions whose bundles hold it; none where it is the runtime's own. */
  readonly functions: readonly FunctionName[];
}

const acting: readonly FunctionName[] = ['remediate', 'reconcile', 'close'];

export const mutations: readonly Mutation[] = [
  {
    name: 'lease-condition',
    says: 'an attempt is given up while its lease runs',
    file: 'lib/core/ledger/effect.ts',
    edits: [
      {
        from: "if (effect.status !== 'IN_PROGRESS' || leaseRuns(effect, nowMs)) return { refused: 'not-expired' };",
        to: "if (effect.status !== 'IN_PROGRESS') return { refused: 'not-expired' };",
      },
    ],
    functions: acting,
  },
  {
    name: 'fence',
    says: 'whoever comes late overwrites what stands in the ledger',
    file: 'lib/adapters/aws/ledger-store.ts',
    edits: [
      {
        from: "? '#version = :version AND #status = :status AND attemptId = :attemptId'",
        to: "? 'attribute_exists(pk)'",
      },
      {
        from: ": '#version = :version AND #status = :status AND attribute_not_exists(attemptId)',",
        to: ": 'attribute_exists(pk)',",
      },
      {
        from: `        {
          ':version': { N: String(before.version) },
          ':status': { S: before.status },
          ...(before.attempt && { ':attemptId': { S: before.attempt.attemptId } }),
        },
        { '#version': 'version', '#status': 'status' },`,
        to: '        {},',
      },
    ],
    functions: acting,
  },
  {
    name: 'announce-before-act',
    says: 'an attempt is announced in the audit after it was sent',
    file: 'lib/core/remediation/remediate.ts',
    edits: [
      {
        from: `  await announce(ports, record, effect);
  const result = await guardedSend(ports, effect);
  const notBeforeMs =`,
        to: `  const result = await guardedSend(ports, effect);
  await announce(ports, record, effect);
  const notBeforeMs =`,
      },
    ],
    functions: acting,
  },
  {
    name: 'journal-before-act',
    says: 'an execution goes on before its journal is written',
    file: 'local/flow/journal.ts',
    edits: [
      {
        from: "writeFileSync(path, lineOf(entry), { flag: 'wx' });",
        // There for whoever starts it and looks at once, then not for a while.
        to: `writeFileSync(path, lineOf(entry), { flag: 'wx' });
        setImmediate(() => rmSync(path));
        setTimeout(() => writeFileSync(path, lineOf(entry)), 4_900);`,
      },
      {
        from: "guard(`write to ${executionArn}`, () => appendWhole(this.#path('running', executionArn), lineOf(entry)));",
        to: "mutatedLater(() => appendWhole(this.#path('running', executionArn), lineOf(entry)));",
      },
      {
        from: 'guard(`end ${executionArn}`, () => {',
        to: 'mutatedLater(() => {',
      },
      {
        from: 'export class FileJournal {',
        to: `function mutatedLater(write: () => void): void {
  setTimeout(() => {
    try {
      write();
    } catch {
      // The folder went with the runtime that this one was to outlive.
    }
  }, 5_000);
}

export class FileJournal {`,
      },
    ],
    functions: [],
  },
  {
    name: 'puback-after-durable',
    says: 'a reading is acknowledged before it is durable',
    file: 'local/iot/broker.ts',
    edits: [
      {
        from: 'await this.#options.rules.handle(packet.topic, payload, client.id);',
        to: 'this.#options.rules.handle(packet.topic, payload, client.id).catch(() => undefined);',
      },
    ],
    functions: [],
  },
  {
    name: 'stop-check',
    says: 'the stop switch is not read before a call is sent',
    file: 'lib/core/remediation/remediate.ts',
    edits: [{ from: '    await checkStop(ports, effect);\n', to: '' }],
    functions: acting,
  },
];

/** The text of a mutation's file with its edits. @throws Error where a place is not there exactly once */
export function mutatedText(mutation: Mutation): string {
  let text = readFileSync(join(repositoryRoot, mutation.file), 'utf8');
  for (const { from, to } of mutation.edits) {
    const places = text.split(from).length - 1;
    if (places !== 1)
      throw new Error(
        `Mutation ${mutation.name}: ${mutation.file} holds ${places} times what is to be changed, not once. The code has changed, and so must bench/campaign/mutations.ts:\n${from}`,
      );
    text = text.replace(from, () => to);
  }
  return text;
}

/** What a runtime needs to run with a safeguard off. */
export interface Mutated {
  readonly assembly: Assembly;
  readonly nodeArguments: readonly string[];
}

export async function mutate(mutation: Mutation, assembly: Assembly): Promise<Mutated> {
  const text = mutatedText(mutation);
  const path = join(repositoryRoot, mutation.file);
  const folder = join(repositoryRoot, 'dist', `mutated-${mutation.name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (mutation.functions.length === 0) {
    const loader = join(folder, 'loader.mjs');
    writeFileSync(loader, loaderOf(pathToFileURL(path).href, text));
    return { assembly, nodeArguments: ['--import', pathToFileURL(loader).href] };
  }
  const bundles = join(folder, 'functions');
  await buildFunctions(bundles, {
    only: [...mutation.functions],
    change: (source, from) => (from === path ? text : source),
  });
  const copy = join(folder, 'assembly');
  cpSync(assembly.folder, copy, { recursive: true });
  const place = { account: '000000000000', region: 'eu-central-1' };
  const model = readStack({ assemblyDir: copy, endpointUrl: 'http://127.0.0.1:1', ...place });
  const names = namesOf(defaultPrefix, place.account, place.region);
  for (const name of mutation.functions) {
    const { codeDir } = model.functions.find((one) => one.name === names.fn(name))!;
    cpSync(join(bundles, name), codeDir, { recursive: true });
  }
  return { assembly: { ...assembly, folder: copy }, nodeArguments: [] };
}

/** A module that gives Node another text for one file. */
const loaderOf = (url: string, text: string): string => `import { registerHooks } from 'node:module';
registerHooks({
  load: (url, context, next) =>
    url === ${JSON.stringify(url)}
      ? { format: 'module-typescript', source: ${JSON.stringify(text)}, shortCircuit: true }
      : next(url, context),
});
`;
