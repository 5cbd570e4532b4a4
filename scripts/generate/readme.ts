/**
 * The parts of README.md and docs/README.md that are made from code: between `<!-- generated:NAME -->` and
 * `<!-- /generated:NAME -->`. Everything else in them is written by hand.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Argument, Command } from 'commander';
import { modules } from '../../bin/commands/index.ts';
import { repositoryRoot } from '../../layers/build.ts';
import { resourceTable } from './resources.ts';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');

/** Both documents with every block made anew. @throws Error naming a block that nobody makes, or that is missing */
export async function readmes(): Promise<Record<string, string>> {
  return {
    'README.md': withBlocks('README.md', {
      commands: await commandTable(),
      detection: detection(compact(read('models/water-network/card.md')), read('models/screen/card.md')),
      resources: resourceTable(),
      cost: cost(),
    }),
    'docs/README.md': withBlocks('docs/README.md', { decisions: decisions() }),
  };
}

function withBlocks(path: string, blocks: Readonly<Record<string, string>>): string {
  const found = new Set<string>();
  const next = read(path).replace(
    /(<!-- generated:([a-z-]+) -->\n)[\s\S]*?(<!-- \/generated:\2 -->)/g,
    (_, open: string, name: string, close: string) => {
      const content = blocks[name];
      if (content === undefined) throw new Error(`${path}: nothing makes the block "${name}".`);
      found.add(name);
      return `${open}${content.trim()}\n${close}`;
    },
  );
  const missing = Object.keys(blocks).filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`${path}: the markers of ${missing.join(', ')} are missing.`);
  return next;
}

/** Every decision record by its title. */
function decisions(): string {
  return readdirSync(join(repositoryRoot, 'docs/decisions'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `- [${/^# (.*)$/m.exec(read(`docs/decisions/${name}`))?.[1] ?? name}](decisions/${name})`)
    .join('\n');
}

async function commandTable(): Promise<string> {
  const program = new Command('groundcrew');
  for (const load of Object.values(modules)) (await load())(program);
  const rows = leaves(program, []).map(
    ({ words, command }) =>
      `| \`${[...words, ...command.registeredArguments.map(shown)].join(' ')}\` | ${sentence(command.description())} |`,
  );
  return ['| command | what for |', '| --- | --- |', ...rows].join('\n');
}

const shown = (argument: Argument): string => `<${argument.name()}>`;
const sentence = (text: string): string => text.replace(/\.$/, '').replaceAll('|', '\\|');

function leaves(command: Command, words: readonly string[]): { words: readonly string[]; command: Command }[] {
  return command.commands.flatMap((each) => {
    const path = [...words, each.name()];
    return each.commands.length === 0 ? [{ words: path, command: each }] : leaves(each, path);
  });
}

/** Tables without the blanks that line their columns up: the figures are quoted, not the look. */
const compact = (markdown: string): string =>
  markdown
    .split('\n')
    .map((line) => (line.startsWith('|') ? line.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---') : line))
    .join('\n');

/** The first table after a heading. @throws Error when the card has no such heading: then README and card part ways */
function tableAfter(card: string, heading: string): string {
  const lines = card.split('\n');
  const at = lines.indexOf(heading);
  const first = lines.findIndex((line, n) => n > at && line.startsWith('|'));
  if (at < 0 || first < 0) throw new Error(`models/water-network/card.md has no table after "${heading}".`);
  const end = lines.findIndex((row, n) => n > first && !row.startsWith('|'));
  return lines.slice(first, end < 0 ? undefined : end).join('\n');
}

/** Figures are quoted from the committed cards, never retyped. */
function detection(card: string, screenCard: string): string {
  const cell = (name: string): string => new RegExp(`^\\| ${name} \\| (.*) \\|$`, 'm').exec(card)?.[1] ?? '–';
  const quote = card
    .split('\n')
    .filter((line) => line.startsWith('> '))
    .map((line) => line.slice(2))
    .join(' ');
  const networks = /^\| test \| (\d+) \| (\d+) \|$/m.exec(card);
  if (networks === null) throw new Error('models/water-network/card.md has no row "test" in its table of splits.');
  return [
    `Classifier: ${cell('name, version')}, ${cell('file')}. Measured on ${networks[2]} flagged windows of ${networks[1]} generated networks that took no part in training.`,
    ...(quote === '' ? [] : ['', `> ${quote}`]),
    '',
    tableAfter(card, '## Figures on networks not trained on'),
    '',
    tableAfter(card, '### By class'),
    '',
    '<details><summary>By severity: right class, and how many events were found within a day</summary>',
    '',
    tableAfter(card, '### By severity'),
    '',
    '</details>',
    '',
    /^Rows of normal operation in alarm.*$/m.exec(card)?.[0] ?? '',
    '',
    `Screening: ${/^# (.*)$/m.exec(screenCard)?.[1] ?? '–'}; it has no learned weights, and its thresholds come from each asset's own past.`,
  ].join('\n');
}

function cost(): string {
  const path = 'docs/generated/cost.md';
  if (!existsSync(join(repositoryRoot, path)))
    return 'The figures are not measured yet: `npm run bench` will write them to `docs/generated/cost.md`, and they will be shown here.';
  return read(path)
    .split('\n')
    .filter((line) => !line.startsWith('# ') && !line.startsWith('<!-- '))
    .map((line) => line.replace(/^## /, '#### '))
    .join('\n');
}
