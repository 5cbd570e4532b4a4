/** What others write can end up in logs and on terminals; it stays one line and one field there. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { reviewAnswer } from '../../lib/contracts/case.ts';
import { humanText } from '../../lib/contracts/common.ts';
import { triggerInput } from '../../lib/core/decision/trigger.ts';

const evil = 'a\n{"level":"INFO","message":"forged"}\r\n\u001b[2J\u202e';

describe('text of others', () => {
  test('in an error becomes one line of JSON with the text inside, and forges no line', () => {
    // A process of its own: the logger writes past whatever stands in for the console here.
    const script = `
      import { handle } from './lib/middleware/handle.ts';
      import { z } from 'zod';
      const run = async ({ name }) => { throw new Error('no such thing as ' + name); };
      const input = z.strictObject({ name: z.string() });
      const handler = handle({ name: 'trigger', input, correlate: ({ name }) => name, run });
      await handler({ name: ${JSON.stringify(evil)} }, { awsRequestId: 'r' }).catch(() => {});`;
    const said = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    const lines = `${said.stdout}${said.stderr}`.trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('no such thing'))).toHaveLength(1);
    for (const line of lines) {
      expect(JSON.parse(line)).not.toMatchObject({ message: 'forged' });
      for (const control of ['\r', '\u001b']) expect(line.includes(control)).toBe(false);
    }
  });

  test.each([
    ['an escape sequence', '\u001b[2Jcleared'],
    ['a carriage return', 'good\rbad'],
    ['a null', 'a\u0000b'],
    ['a right-to-left override', 'abc\u202egpj.exe'],
    ['an isolate', 'a\u2066b'],
  ])('with %s is refused where people write', (_what, text) => {
    expect(humanText.safeParse(text).success).toBe(false);
    const answer = { v: 1, caseId: 'a'.repeat(64), answer: 'reject', by: 'ann', reason: 'x' };
    expect(reviewAnswer.safeParse(answer).success).toBe(true);
    expect(reviewAnswer.safeParse({ ...answer, by: text }).success).toBe(false);
    expect(reviewAnswer.safeParse({ ...answer, reason: text }).success).toBe(false);
    expect(triggerInput.safeParse({ asset: 'a', by: 'ann', note: text }).success).toBe(false);
  });
});
