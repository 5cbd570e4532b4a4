/** Holds the links and file paths of the documents that are written by hand against the files that are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { repositoryRoot } from '../../layers/build.ts';

/** Markdown written by hand; what is generated into it counts too. */
export function handWritten(): string[] {
  const inDocs = readdirSync(join(repositoryRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join('docs', name.replaceAll('\\', '/')))
    .filter((name) => name.endsWith('.md'));
  return ['README.md', 'AGENTS.md', 'CHANGELOG.md', ...inDocs].sort();
}

/** The anchor that a heading gets. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[`*]|\[|\]\([^)]*\)/g, '')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchors = (markdown: string): Set<string> =>
  new Set([...markdown.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => anchorOf(heading!)));

const roots = 'bin|lib|functions|layers|models|local|web|bench|test|docs|scripts|\\.ci';
/** In code quotes, beginning with a folder of the repository; names with a wildcard or a placeholder are no paths. */
const quotedPath = new RegExp(`\`((?:${roots})/[A-Za-z0-9_./-]*[A-Za-z0-9_/])\``, 'g');
/** What is made by a run rather than kept, and patterns of paths. */
const notKept = /NAME|^docs\/generated\/cost\.md$/;

/**
 * Every link to a file or heading that is not there, and every quoted path that is not.
 * @param read content of a document by its path; lets the caller hand in what it is about to write
 */
export function brokenLinks(
  read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8'),
): string[] {
  const broken: string[] = [];
  for (const document of handWritten()) {
    const content = read(document);
    const prose = content.replace(/^```[\s\S]*?^```$/gm, '');
    const targets = [
      ...[...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!),
      ...[...prose.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, target]) => target!),
    ];
    for (const target of targets) {
      if (/^(https?:|mailto:)/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document : posix.join(dirname(document), path);
      if (!existsSync(join(repositoryRoot, file))) broken.push(`${document}: ${target} is not there`);
      else if (anchor !== undefined && file.endsWith('.md') && !anchors(read(file)).has(anchor))
        broken.push(`${document}: ${target} names a heading that is not there`);
    }
    for (const [, path] of prose.matchAll(quotedPath))
      if (!notKept.test(path!) && !existsSync(join(repositoryRoot, path!)))
        broken.push(`${document}: \`${path}\` is not there`);
  }
  return broken;
}
