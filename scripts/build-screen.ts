/** Writes the screening graph and its cards. They name the commit of their code, and keep it while nothing else changes. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { codeCommit } from '../bin/commands/support/code-commit.ts';
import { screenFiles, screenSources } from '../models/screen/build.ts';

const repository = new URL('../', import.meta.url);
const folder = new URL('models/screen/', repository);
const isCommitted = (files: ReturnType<typeof screenFiles>): boolean =>
  Object.entries(files).every(([name, content]) => {
    const file = new URL(name, folder);
    return existsSync(file) && readFileSync(file).equals(Buffer.from(content));
  });

const { codeCommit: stands }: { codeCommit?: string } = existsSync(new URL('card.json', folder))
  ? JSON.parse(readFileSync(new URL('card.json', folder), 'utf8'))
  : {};
const same = screenFiles(stands);
// Made of files that were not committed, they are made again: the commit that they name would lead nowhere.
const isMade = isCommitted(same) && !stands?.endsWith('-changed');
const files = isMade ? same : screenFiles(codeCommit(repository, screenSources));
for (const [name, content] of Object.entries(files)) writeFileSync(new URL(name, folder), content);
const sha256 = createHash('sha256').update(files['screen.onnx']!).digest('hex');
process.stdout.write(`screen.onnx ${sha256}${isMade ? ', as it was' : ''}\n`);
