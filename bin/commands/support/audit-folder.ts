/**
 * An exported audit: `chains/<kind>-<id>.jsonl` (one canonical entry a line), `checkpoints/<bucket>.json` and
 * `public-key.pem`. Nothing else is needed to check it.
 */
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AuditSource } from '../../../lib/core/audit/report.ts';
import { CommandFailure } from './failure.ts';

const chainFile = (chain: string): string => `${chain.replace('#', '-')}.jsonl`;
const chainOf = (file: string): string => basename(file, '.jsonl').replace('-', '#');
export const publicKeyFile = 'public-key.pem';

/** @throws CommandFailure when the folder is not an export */
export function auditFolder(folder: string): AuditSource {
  const chains = join(folder, 'chains');
  const checkpoints = join(folder, 'checkpoints');
  if (!existsSync(chains))
    throw new CommandFailure(`${folder} is not an exported audit: make one with "audit export --out ${folder}".`, 2);
  const named = (directory: string, ending: string): string[] =>
    existsSync(directory)
      ? readdirSync(directory)
          .filter((name) => name.endsWith(ending))
          .sort()
      : [];
  return {
    chains: async () => named(chains, '.jsonl').map(chainOf),
    async *lines(chain) {
      if (!existsSync(join(chains, chainFile(chain)))) return;
      const input = createReadStream(join(chains, chainFile(chain)), 'utf8');
      yield* createInterface({ input, crlfDelay: 0 });
    },
    checkpoints: async () =>
      named(checkpoints, '.json').map((name) => ({ name, text: readFileSync(join(checkpoints, name), 'utf8') })),
  };
}

/** Writes an export; the folder must be new or empty, so that no old chain stays in it. */
export async function writeAuditFolder(
  folder: string,
  source: AuditSource,
  publicKey: string,
): Promise<{ readonly chains: number; readonly entries: number; readonly checkpoints: number }> {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new CommandFailure(`${folder} is not empty: give a new folder with --out.`, 2);
  mkdirSync(join(folder, 'chains'), { recursive: true });
  mkdirSync(join(folder, 'checkpoints'));
  writeFileSync(join(folder, publicKeyFile), publicKey);
  // Checkpoints first: an entry appended meanwhile is then newer than they say, never missing.
  const checkpoints = await source.checkpoints();
  for (const { name, text } of checkpoints) writeFileSync(join(folder, 'checkpoints', name), text);
  let entries = 0;
  const chains = await source.chains();
  for (const chain of chains) {
    const lines: string[] = [];
    for await (const line of source.lines(chain)) lines.push(`${line}\n`);
    entries += lines.length;
    writeFileSync(join(folder, 'chains', chainFile(chain)), lines.join(''));
  }
  return { chains: chains.length, entries, checkpoints: checkpoints.length };
}
