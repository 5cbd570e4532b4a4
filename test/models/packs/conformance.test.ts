import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { packNames } from '../../../bin/commands/backtest-pack.ts';
import { checks } from '../../../bin/commands/pack/checks/index.ts';
import { openSubject, type Subject } from '../../../bin/commands/pack/checks/subject.ts';

const models = join(import.meta.dirname, '../../../models');

describe.each(packNames())('the pack %s', (name) => {
  let subject: Subject;

  beforeAll(async () => {
    subject = await openSubject(join(models, name));
  }, 60_000);

  test.each(checks.map((check) => [check.name, check] as const))(
    '%s',
    async (_, check) => {
      expect(await check.problems(subject)).toEqual([]);
    },
    60_000,
  );
});
