import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { judgeFlow, parseMocks } from '../../../bin/commands/flow.ts';
import { FUNCTION, machine, withFolder } from './support.ts';

const definition = machine({
  T: { Type: 'Task', Resource: FUNCTION, Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }], End: true },
});

describe('flow run --cases', () => {
  it('answers each line with what became of it', async () => {
    const ok = await judgeFlow({ id: 1, definition, input: {}, mocks: { T: [{ return: 5 }] } });
    expect(ok).toEqual({ id: 1, status: 'SUCCEEDED', output: 5, error: undefined, cause: undefined });
    const bad = await judgeFlow({ id: 2, definition, mocks: { T: [{ throw: { error: 'F', cause: 'c' } }] } });
    expect(bad).toMatchObject({ id: 2, status: 'FAILED', error: 'F', cause: 'c' });
    const unsupported = { StartAt: 'C', States: { C: { Type: 'Choice', Choices: [] } } };
    expect(await judgeFlow({ id: 3, definition: unsupported })).toMatchObject({
      id: 3,
      unsupported: expect.stringContaining('Choice'),
    });
    expect(await judgeFlow({ id: 4, definition: { States: {} } })).toMatchObject({
      unsupported: expect.stringContaining('invalid definition'),
    });
    expect(await judgeFlow({ id: 5, definition })).toMatchObject({ status: 'FAILED', error: 'Groundcrew.MockMissing' });
  });

  it.each<[unknown]>([
    [[]],
    [{ T: { return: 1 } }],
    [{ T: [{ returns: 1 }] }],
    [{ T: [{ return: 1, throw: { error: 'E' } }] }],
    [{ T: [{ throw: 'E' }] }],
    [{ T: [{ throw: { cause: 'c' } }] }],
    [{ T: [{ throw: { error: 'E', reason: 'r' } }] }],
  ])('refuses the mocks %j', (mocks) => {
    expect(() => parseMocks(mocks)).toThrow(/mock/);
  });
});

it(
  'flow run draws the path with its retry, and events test-pattern fails on a bad pattern',
  () =>
    withFolder(async (dir) => {
      const file = (name: string, value: unknown): string => {
        const path = join(dir, name);
        writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
        return path;
      };
      const groundcrew = (...args: string[]) =>
        spawnSync(process.execPath, [join(import.meta.dirname, '../../../bin/groundcrew.ts'), ...args], {
          encoding: 'utf8',
          env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1' },
        });
      const mocks = file('m.json', { T: [{ throw: { error: 'E', cause: 'busy' } }, { return: 5 }] });
      const drawn = groundcrew('flow', 'run', '--definition', file('d.json', definition), '--mocks', mocks);
      expect(drawn.stdout).toMatch(/✗ E busy[\s\S]*1\.0 s.*↻ retries[\s\S]*SUCCEEDED 5/);
      expect(drawn.status).toBe(0);
      const event = file('e.json', { a: 1 });
      const bad = groundcrew('events', 'test-pattern', '--pattern', file('p.json', '{"a": [1,}'), '--event', event);
      expect(bad.stderr).toContain('line 1, column 10');
      expect(bad.status).toBe(1);
      const good = groundcrew(
        'events',
        'test-pattern',
        '--pattern',
        file('q.json', { a: [1] }),
        '--event',
        event,
        '--json',
      );
      expect(JSON.parse(good.stdout)).toEqual({ match: true });
      const missing = groundcrew('events', 'test-pattern', '--pattern', join(dir, 'none.json'), '--event', event);
      expect(missing.status).toBe(2);
      expect(missing.stderr.trim().split('\n')).toHaveLength(1);
    }),
  30_000,
);
