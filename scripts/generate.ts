/**
 * Writes everything that is made from code: schemas, the AsyncAPI document, tables, indexes, the
 * generated parts of the README. `--check` writes nothing and
 * fails when a file differs, so that documents cannot drift.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { repositoryRoot } from '../layers/build.ts';
import { supportTable as localSupportTable } from '../local/assembly/support-table.ts';
import { supportTable } from '../local/flow/support.ts';
import { contractDocuments } from './generate/contracts.ts';
import { costTable } from './generate/cost.ts';
import { channelIndex, packIndex, remediatorIndex } from './generate/indexes.ts';
import { brokenLinks } from './generate/links.ts';
import { openApi, rolesTable } from './generate/openapi.ts';
import { readmes } from './generate/readme.ts';
import { configurationTable, permissionsTable } from './generate/tables.ts';

/** Path relative to the repository → content. */
const documents: Readonly<Record<string, string>> = {
  ...contractDocuments(),
  'docs/generated/asl-support.md': supportTable(),
  'docs/generated/cost.md': costTable(),
  'docs/generated/configuration.md': configurationTable(),
  'docs/generated/openapi.json': openApi(),
  'docs/generated/api-roles.md': rolesTable(),
  'docs/generated/local-support.md': localSupportTable(),
  'docs/generated/permissions.md': permissionsTable(),
  ...packIndex(),
  ...remediatorIndex(),
  ...channelIndex(),
  ...(await readmes()),
};

const checking = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, content] of Object.entries(documents)) {
  const file = join(repositoryRoot, path);
  let current: string | undefined;
  try {
    current = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (current === content) continue;
  stale.push(relative(repositoryRoot, file));
  if (!checking) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
if (checking && stale.length > 0) {
  process.stderr.write(
    `Generated files are out of date: ${stale.join(', ')}. Run npm run generate and commit the result.\n`,
  );
  process.exit(1);
}
const broken = brokenLinks();
if (broken.length > 0) {
  process.stderr.write(`${broken.join('\n')}\n`);
  process.exit(1);
}
process.stdout.write(
  `${Object.keys(documents).length} generated files, ${stale.length} ${checking ? 'out of date' : 'written'}\n`,
);
