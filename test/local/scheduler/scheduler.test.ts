import { afterEach, describe, expect, test } from '@jest/globals';
import type { ScheduleModel } from '../../../local/assembly/model.ts';
import { Scheduler } from '../../../local/scheduler/scheduler.ts';
import { ServiceError } from '../../../local/server/service.ts';
import { fn, keptLog } from '../support/models.ts';
import { temporaryFolder, until } from '../support/temp.ts';

const folder = temporaryFolder();
let open: Scheduler[] = [];
afterEach(async () => {
  await Promise.all(open.map((scheduler) => scheduler.stop()));
  open = [];
});

const schedule = (
  change: Partial<ScheduleModel> = {},
  target: Partial<ScheduleModel['target']> = {},
): ScheduleModel => ({
  logicalId: 'Schedule',
  name: 'sweeper',
  arn: 'arn:aws:scheduler:eu-central-1:000000000000:schedule/default/sweeper',
  expression: 'rate(1 minute)',
  timezone: 'UTC',
  enabled: true,
  flexibleWindowMinutes: 0,
  target: {
    arn: fn('sweeper').arn,
    roleArn: 'arn:aws:iam::000000000000:role/s',
    input: '{}',
    retry: { maximumRetryAttempts: 2, maximumEventAgeS: 300 },
    deadLetterArn: 'arn:aws:sqs:eu-central-1:000000000000:dead',
    ...target,
  },
  ...change,
});

async function setUp(schedules: ScheduleModel[], now: () => number = Date.now, fail?: Error) {
  const delivered: { arn: string; payload: string }[] = [];
  const dead: { body: string; attributes: unknown }[] = [];
  const scheduler = await Scheduler.open({
    dir: folder(),
    stack: { schedules, account: '000000000000', region: 'eu-central-1' },
    targets: {
      deliver: async (arn, payload) => {
        if (fail !== undefined) throw fail;
        delivered.push({ arn, payload });
      },
    },
    queues: {
      send: async (_arn, body, attributes) => {
        dead.push({ body, attributes });
      },
    },
    log: keptLog(),
    now,
    random: () => 0.5,
    uuid: () => crypto.randomUUID(),
    retryBaseMs: 1,
  });
  open.push(scheduler);
  await scheduler.start();
  return { scheduler, delivered, dead };
}

/**
 * Stands at `beforeMs` before noon until it is started, and then runs like the real clock. Started before the scheduler
 * stands, it could pass noon meanwhile on a slow machine, and what was due then is not made up for.
 */
function clockBefore(beforeMs: number): { now: () => number; start: () => void } {
  const noonMs = Date.UTC(2026, 10, 23, 12, 0);
  let startedMs: number | undefined;
  return {
    now: () => noonMs - beforeMs + (startedMs === undefined ? 0 : Date.now() - startedMs),
    start: () => {
      startedMs = Date.now();
    },
  };
}

describe('Scheduler', () => {
  test('runs a new rate at once, keeps its phase over a restart and makes up for nothing', async () => {
    let now = Date.UTC(2026, 10, 23, 10, 0);
    const first = await setUp([schedule()], () => now);
    await until(() => first.delivered.length === 1, 'the first run');
    expect(first.delivered[0]).toEqual({ arn: fn('sweeper').arn, payload: '{}' });
    await first.scheduler.stop();
    open = [];
    // Down for an hour and a bit.
    now += 3_600_000 + 59_900;
    // It stands until the scheduler does, or a slow machine would miss the full minute.
    let begun: number | undefined;
    const clock = () => now + (begun === undefined ? 0 : Date.now() - begun);
    const second = await setUp([schedule()], clock);
    expect(second.delivered).toEqual([]);
    begun = Date.now();
    await until(() => second.delivered.length > 0, 'the run at the full minute');
    expect(second.delivered.length).toBe(1);
    expect(clock()).toBeGreaterThanOrEqual(now + 100);
  });

  test('runs cron at its minute, with the context attributes in its input', async () => {
    const input =
      '{"arn":"<aws.scheduler.schedule-arn>","at":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>"}';
    const clock = clockBefore(50);
    const { delivered } = await setUp([schedule({ expression: 'cron(0 12 * * ? *)' }, { input })], clock.now);
    clock.start();
    await until(() => delivered.length === 1, 'the run');
    expect(JSON.parse(delivered[0]!.payload)).toEqual({
      arn: schedule().arn,
      at: '2026-11-23T12:00:00Z',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('sends AWS’s notification where the schedule has no input', async () => {
    const { delivered } = await setUp([schedule({}, { input: undefined })]);
    await until(() => delivered.length === 1, 'the run');
    expect(JSON.parse(delivered[0]!.payload)).toMatchObject({
      version: '0',
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      resources: [schedule().arn],
      detail: '{}',
    });
  });

  test('runs an at() once, and leaves disabled schedules alone', async () => {
    const clock = clockBefore(30);
    const { delivered, scheduler } = await setUp(
      [schedule({ expression: 'at(2026-11-23T12:00:00)' }), schedule({ name: 'off', enabled: false })],
      clock.now,
    );
    clock.start();
    await until(() => delivered.length === 1, 'the run');
    expect(scheduler.stats()).toMatchObject({ schedules: 1, runs: 1 });
  });

  test('repeats a delivery and then writes a dead letter', async () => {
    const { dead } = await setUp(
      [schedule()],
      Date.now,
      new ServiceError('TooManyRequestsException', 'Rate Exceeded.', { statusCode: 429 }),
    );
    await until(() => dead.length === 1, 'the dead letter');
    expect(dead[0]!.body).toBe('{}');
    expect(dead[0]!.attributes).toMatchObject({
      SCHEDULE_ARN: { value: schedule().arn },
      TARGET_ARN: { value: fn('sweeper').arn },
      ERROR_CODE: { value: 'TooManyRequestsException' },
      RETRY_ATTEMPTS: { value: '2' },
      EXHAUSTED_RETRY_CONDITION: { value: 'MaximumRetryAttempts' },
    });
  });

  test.each([
    [schedule({ expression: 'rate(1 minutes)' }), 'singular'],
    [schedule({}, { arn: 'arn:aws:ecs:eu-central-1:000000000000:cluster/x' }), 'not supported on one machine'],
    [schedule({}, { input: '<aws.scheduler.attempt-number>' }), 'attempt-number'],
  ])('refuses what it cannot run, naming the logical id (%#)', async (bad, message) => {
    await expect(setUp([bad])).rejects.toThrow(new RegExp(`schedule Schedule: .*${message}`));
  });
});
