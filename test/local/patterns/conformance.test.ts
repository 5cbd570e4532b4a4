import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { judge } from '../../../bin/commands/events-test-pattern.ts';
import { conformanceFile } from '../conformance-folder.ts';

interface Case {
  readonly id: string;
  readonly expected: boolean | 'invalid';
}

/** A few cases of the project's own, so that this file always tests something. */
const OWN: (Case & Record<string, unknown>)[] = [
  { id: 'own-match', pattern: { source: ['a'] }, event: { source: 'a' }, expected: true },
  { id: 'own-no-match', pattern: { source: ['a'] }, event: { source: 'b' }, expected: false },
  { id: 'own-invalid', pattern: { source: [] }, event: {}, expected: 'invalid' },
  { id: 'own-text', patternText: '{"source": [', event: {}, expected: 'invalid' },
];

const file = conformanceFile('event-patterns-aws.jsonl');
const recorded = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
const cases = [...OWN, ...recorded.map((line) => JSON.parse(line) as Case & Record<string, unknown>)];

describe(`event patterns as EventBridge judges them (${recorded.length === 0 ? `recorded cases absent: ${join(file)}` : `${recorded.length} recorded cases`})`, () => {
  it('judges every case alike', () => {
    const wrong = cases.flatMap((one) => {
      const { match, error } = judge(one);
      const got = error === undefined ? match : 'invalid';
      return got === one.expected ? [] : [`${one.id}: got ${String(got)}, expected ${String(one.expected)}`];
    });
    expect(wrong).toEqual([]);
  });
});
