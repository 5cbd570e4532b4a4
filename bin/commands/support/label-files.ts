/** Files of labels, one JSON document a line; they only grow. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { z } from 'zod';
import { type EpisodeLabel, type EpisodeLine, episodeLabel, episodeLine } from '../../../lib/contracts/label.ts';
import { CommandFailure } from './failure.ts';

/** @throws CommandFailure naming the first line that is not as it must be */
export function readLines<T>(file: string, schema: z.ZodType<T>): T[] {
  if (!existsSync(file)) throw new CommandFailure(`${file} does not exist.`, 2);
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, i) => {
      if (line.trim() === '') return [];
      try {
        return [schema.parse(JSON.parse(line))];
      } catch (error) {
        const why =
          error instanceof Error
            ? error.message
                .split('\n')
                .map((part) => part.trim())
                .join(' ')
            : String(error);
        throw new CommandFailure(`${file}:${i + 1}: not a line of this file: ${why.slice(0, 200)}`, 2, {
          cause: error,
        });
      }
    });
}

export const labelsBeside = (episodes: string): string => `${episodes.replace(/\.jsonl$/, '')}.labels.jsonl`;

export interface EpisodeFile {
  readonly episodes: readonly EpisodeLine[];
  /** The label that counts, by number. */
  readonly labels: ReadonlyMap<number, EpisodeLabel>;
}

export function readEpisodes(file: string): EpisodeFile {
  const beside = labelsBeside(file);
  const labels = existsSync(beside) ? readLines(beside, episodeLabel) : [];
  return { episodes: readLines(file, episodeLine), labels: new Map(labels.map((label) => [label.number, label])) };
}

/** @throws CommandFailure when the file has no such episode */
export function labelEpisode(file: string, label: EpisodeLabel): void {
  const { episodes } = readEpisodes(file);
  if (!episodes.some(({ number }) => number === label.number))
    throw new CommandFailure(`${file} has no episode ${label.number}; it has ${episodes.length}.`, 2);
  appendFileSync(labelsBeside(file), `${JSON.stringify(episodeLabel.parse(label))}\n`);
}
