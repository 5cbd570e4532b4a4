import { afterEach, describe, expect, test } from '@jest/globals';
import { environment } from '../../../lib/adapters/aws/environment.ts';

afterEach(() => {
  for (const name of ['TIER2', ...rows.map(([key]) => key)]) delete process.env[name];
});

/** Variable, a text that is taken, what it is read as, and texts that are refused. */
const rows = [
  ['TABLE_STATE', 'groundcrew-state', 'groundcrew-state', ['', 'x'.repeat(256)]],
  ['CONFIGURATION_HASH', 'a'.repeat(64), 'a'.repeat(64), ['', 'a'.repeat(63), 'A'.repeat(64), `${'a'.repeat(64)}\n`]],
  ['REVIEW_TIMEOUT_S', '900', 900, ['', '0', '-1', '1.5', '1e3', '0x10', ' 900', '2592001', 'NaN', 'Infinity']],
  ['QUOTA_PER_ASSET_HOUR', '0', 0, ['', '1001', 'many']],
  ['SESSION_IDLE_MINUTES', '60', 60, ['4', '481']],
  ['SCORE_RETENTION_DAYS', '90', 90, ['0', '3654']],
  ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '1769', 1769, ['', '63', '1.5']],
  ['WEBHOOK_ALLOW_PRIVATE', 'false', false, ['', 'no', 'TRUE']],
  ['WEBHOOK_URL', 'https://scada.example/act', 'https://scada.example/act', ['', 'scada', 'file:///etc/passwd']],
  ['CONSOLE_ORIGIN', 'https://ops.example', 'https://ops.example', ['', 'http://ops.example']],
  ['POLICY_AUTHORS', '["mara"]', ['mara'], ['', '{', '{}', 'null', '"mara"', '[1]', '[""]']],
  ['WAYS', '{"a":"webhook"}', { a: 'webhook' }, ['', '{', '[]', 'null', '"a"', '{"a":1}']],
  ['REMEDIATORS', '{"webhook":{"retries":[1]}}', { webhook: { retries: [1] } }, ['', '[', 'null', '1']],
  ['CHANNELS', '{"ops":{"by":"sns","x":1}}', { ops: { by: 'sns', x: 1 } }, ['{"ops":{}}', '{"ops":1}']],
  [
    'CASE_FLOW_ARN',
    'arn:aws:states:eu-central-1:123456789012:stateMachine:case',
    'arn:aws:states:eu-central-1:123456789012:stateMachine:case',
    ['', 'case', 'arn:aws:states:eu-central-1:1234:stateMachine:case'],
  ],
] as const;

describe('the environment of a function', () => {
  test.each(rows)('reads %s, and stops the function where it is wrong', (name, taken, value, refused) => {
    process.env[name] = taken;
    expect(environment(name)[name]).toEqual(value);
    for (const text of refused) {
      process.env[name] = text;
      expect(() => environment(name)).toThrow(new RegExp(`environment of this function is wrong. ${name}: .+`));
    }
  });

  test('names everything that is missing at once, and looks at nothing else', () => {
    process.env['QUOTA_PER_ASSET_HOUR'] = 'many';
    expect(() => environment('TABLE_STATE', 'WAYS')).toThrow('TABLE_STATE: not set; WAYS: not set');
  });

  test('what may be left out is read as its default', () => {
    expect(environment('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'CONSOLE_ORIGIN')).toEqual({
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: 512,
      CONSOLE_ORIGIN: undefined,
    });
  });
});

describe('the larger model in the environment', () => {
  test('is none where nothing is said, and what the stack wrote where it is', () => {
    expect(environment('TIER2').TIER2).toBeUndefined();
    process.env['TIER2'] = JSON.stringify({ url: 'https://models.example', costUsd: 0.01 });
    expect(environment('TIER2').TIER2).toEqual({
      url: 'https://models.example',
      costUsd: 0.01,
      timeoutMs: 3000,
      allowPrivate: false,
      models: {},
    });
  });

  test.each(['', '{', '[]', 'null', '{"url":"https://models.example"}', '{"url":"file:///etc","costUsd":1}'])(
    'stops the function where it is %j',
    (text) => {
      process.env['TIER2'] = text;
      expect(() => environment('TIER2')).toThrow(/TIER2: /);
    },
  );
});
