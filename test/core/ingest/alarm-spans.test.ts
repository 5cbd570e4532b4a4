import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AlarmSpan, inAlarm, keptAlarms } from '../../../lib/core/ingest/alarm-spans.ts';

describe('alarms that are kept', () => {
  test('cover every time of every alarm, in whatever order a clock that is set puts them', () => {
    const span = fc.tuple(fc.nat(1e6), fc.nat(1e5)).map(([fromMs, forMs]): AlarmSpan => [fromMs, fromMs + forMs + 1]);
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 30 }), (spans) => {
        const kept = keptAlarms(spans);
        expect(kept.length).toBeLessThanOrEqual(8);
        const times = Float64Array.from(spans.flatMap(([fromMs, toMs]) => [fromMs, toMs - 1]));
        expect([...inAlarm(times, { alarms: kept })]).not.toContain(0);
      }),
    );
  });
});
