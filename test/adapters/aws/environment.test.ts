import { afterEach, describe, expect, test } from '@jest/globals';
import { environment } from '../../../lib/adapters/aws/environment.ts';

afterEach(() => {
  delete process.env['TIER2'];
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
