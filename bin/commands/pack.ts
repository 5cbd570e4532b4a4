/** `groundcrew pack`: a new domain pack, and the suite that every pack passes. */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { repositoryRoot } from '../../layers/build.ts';
import { packNames } from './backtest-pack.ts';
import { checkSubject } from './pack/checks/index.ts';
import { openSubject } from './pack/checks/subject.ts';
import { writePack } from './pack/scaffold.ts';
import { CommandFailure } from './support/failure.ts';
import { printJson, printLine } from './support/print.ts';

interface PackOptions {
  readonly dir: string;
  readonly json?: boolean;
}

const modelsFolder = join(repositoryRoot, 'models');

export function registerPack(program: Command): void {
  const pack = program.command('pack').description('domain packs: write a new one, check one');
  pack
    .command('new')
    .description('write a pack that works: a rule, policies, remedies and an example, to be replaced by your own')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option('--dir <folder>', 'folder in which the pack’s own folder is made', modelsFolder)
    .option('--json', 'one JSON document')
    .action(createPack);
  pack
    .command('check')
    .description('run the suite that every pack passes: manifest, policies, remedies, classifier, cards')
    .argument('<name>', 'the pack')
    .option('--dir <folder>', 'folder in which the pack’s own folder is', modelsFolder)
    .option('--json', 'one JSON document')
    .action(checkPack);
}

function createPack(name: string, { dir, json }: PackOptions): void {
  const folder = resolve(dir, name);
  const files = writePack(name, folder);
  if (json === true) {
    printJson({ folder, files });
    return;
  }
  printLine(`Wrote ${files.length} files to ${relative(process.cwd(), folder) || folder}:`);
  for (const file of files) printLine(`  ${file}`);
  const inModels = resolve(dir) === modelsFolder;
  printLine(
    inModels
      ? 'Next: npm run generate, which takes it into models/index.ts.'
      : 'It is deployed once its folder lies under models/.',
  );
  printLine(`Check it with: groundcrew pack check ${name}${inModels ? '' : ` --dir ${dir}`}`);
}

async function checkPack(name: string, { dir, json }: PackOptions): Promise<void> {
  const folder = resolve(dir, name);
  if (!existsSync(join(folder, 'index.ts'))) {
    const known = resolve(dir) === modelsFolder ? `; there are: ${packNames().join(', ')}` : '';
    throw new CommandFailure(`${folder} holds no pack${known}.`, 2);
  }
  const subject = await openSubject(folder).catch((error: unknown) => {
    throw new CommandFailure(
      `${name} cannot be checked: ${error instanceof Error ? error.message : String(error)}`,
      1,
      {
        cause: error,
      },
    );
  });
  const found = await checkSubject(subject);
  if (json === true) printJson({ pack: name, checks: found });
  else {
    for (const { name: check, problems } of found) {
      printLine(`${problems.length === 0 ? pc.green('✓') : pc.red('✗')} ${check}`);
      for (const problem of problems) printLine(`    ${problem}`);
    }
  }
  const failed = found.filter(({ problems }) => problems.length > 0).length;
  if (failed > 0) throw new CommandFailure(`${failed} of ${found.length} checks found something.`);
}
