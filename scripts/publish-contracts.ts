/** Freezes the schema of every contract version that is not published yet. What is published is never written again. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../layers/build.ts';
import { contracts } from '../lib/contracts/index.ts';
import { schemaOf } from './generate/contracts.ts';

const folder = join(repositoryRoot, 'docs/contracts');
mkdirSync(folder, { recursive: true });
for (const [name, { version, schema }] of Object.entries(contracts)) {
  const file = join(folder, `${name}.v${version}.json`);
  if (existsSync(file)) continue;
  writeFileSync(file, `${JSON.stringify({ title: name, ...schemaOf(schema) }, null, 2)}\n`);
  process.stdout.write(`published ${name} v${version}\n`);
}
