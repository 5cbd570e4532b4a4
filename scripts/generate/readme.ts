/**
 * The parts of README.md and docs/README.md that are made from code: between `<!-- generated:NAME -->` and
 * `<!-- /generated:NAME -->`. Everything else in them is written by hand.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Argument, Command } from 'commander';
import { modules } from '../../bin/commands/index.ts';
import { repositoryRoot } from '../../layers/build.ts';
import { packNames } from '../../models/index.ts';
import { resourceTable } from './resources.ts';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');

/** Both documents with every block made anew. @throws Error naming a block that nobody makes, or that is missing */
export async function readmes(): Promise<Record<string, string>> {
  return {
    'README.md': withBlocks('README.md', {
      commands: await commandTable(),
      detection: detection(),
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
function tableAfter(pack: string, card: string, heading: RegExp): string {
  const lines = card.split('\n');
  const at = lines.findIndex((line) => heading.test(line));
  const first = lines.findIndex((line, n) => n > at && line.startsWith('|'));
  if (at < 0 || first < 0) throw new Error(`models/${pack}/card.md has no table after ${heading}.`);
  const end = lines.findIndex((row, n) => n > first && !row.startsWith('|'));
  return lines.slice(first, end < 0 ? undefined : end).join('\n');
}

/** What a card says in one place. @throws Error when it does not say it */
function said(pack: string, card: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(card);
  if (found === null) throw new Error(`models/${pack}/card.md has nothing like ${pattern}.`);
  return found;
}

/** Figures of every pack that is trained, quoted from the committed cards and never retyped. */
function detection(): string {
  const cards = packNames
    .filter((pack) => existsSync(join(repositoryRoot, 'models', pack, 'card.md')))
    .map((pack) => [pack, compact(read(`models/${pack}/card.md`))] as const);
  const screenCard = compact(read('models/screen/card.md'));
  return [
    'Each classifier on flagged windows of generated assets that took no part in its training. The set is the kinds that cannot be excluded at an error rate of a tenth; an act needs a set of one.',
    '',
    '| pack | windows | of | accuracy | macro-F1 | the set holds the truth | is a single kind | which is then right |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...cards.map(([pack, card]) => overview(pack, card)),
    '',
    ...cards.flatMap(([pack, card]) => details(pack, card)),
    `Screening: ${said('screen', screenCard, /^\| name, version \| (.*) \|$/m)[1]}, ${said('screen', screenCard, /^\| file \| (.*) \|$/m)[1]}; it has no learned weights, and its thresholds come from each asset's own past.`,
  ].join('\n');
}

function overview(pack: string, card: string): string {
  const [, assets] = said(pack, card, /^## Figures on (\w+) not trained on$/m);
  const [, count, windows] = said(pack, card, /^\| test \| (\d+) \| (\d+) \|$/m);
  const [, accuracy, macroF1] = said(pack, card, /^\| all \| \d+ \| (.*) \| (.*) \|$/m);
  const [, holds, single, right] = said(
    pack,
    card,
    /holds the truth in (\S+ %) of the windows; it is a\s+single class in (\S+ %), and that class is right in (\S+ %)/,
  );
  const name = `[${pack}](models/${pack}/card.md)`;
  return `| ${[name, windows, `${count} ${assets}`, accuracy, macroF1, holds, single, right].join(' | ')} |`;
}

function details(pack: string, card: string): string[] {
  return [
    `<details><summary>${pack}: by class, and by severity with how many events were found within a day</summary>`,
    '',
    `${said(pack, card, /^\| name, version \| (.*) \|$/m)[1]}, ${said(pack, card, /^\| file \| (.*) \|$/m)[1]}`,
    '',
    tableAfter(pack, card, /^## Figures on \w+ not trained on$/),
    '',
    tableAfter(pack, card, /^### By class$/),
    '',
    tableAfter(pack, card, /^### By severity$/),
    '',
    said(pack, card, /^Rows of normal operation in alarm.*$/m)[0],
    '',
    '</details>',
    '',
  ];
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
