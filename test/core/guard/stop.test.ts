import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StopState } from '../../../lib/contracts/stop.ts';
import type { AuditDraft } from '../../../lib/core/audit/entry.ts';
import { resumeAskMs, resumeEffects, type StopPorts, stopEffects } from '../../../lib/core/guard/stop.ts';
import { samePerson } from '../../../lib/core/people.ts';

function world() {
  const state = { stands: undefined as StopState | undefined, audit: [] as AuditDraft[], nowMs: 1_000 };
  const ports: StopPorts = {
    read: async () => state.stands,
    set: async (next) => {
      state.stands = next;
    },
    replace: async (before, next) => {
      if (JSON.stringify(state.stands) !== JSON.stringify(before)) return false;
      state.stands = next;
      return true;
    },
    audit: async (draft) => state.audit.push(draft),
    known: async (name) => name,
    person: async (name) => name,
    now: () => state.nowMs,
  };
  return { state, ports };
}
const order = (by: string) => ({ scope: 'all', by, reason: 'works' });

describe('resuming', () => {
  test('takes two people; both stand in what is recorded', async () => {
    const { state, ports } = world();
    await stopEffects(ports, order('ann'));
    expect(await resumeEffects(ports, order('ann'))).toMatchObject({ stopped: true, resumeAsked: { by: 'ann' } });
    expect(await resumeEffects(ports, order('bob'))).toMatchObject({ stopped: false, by: 'bob' });
    expect(state.audit.map(({ body }) => [body.stopped, body.by])).toEqual([
      [true, 'ann'],
      [true, 'ann'],
      [false, 'bob'],
    ]);
    expect(state.audit[2]!.body).toMatchObject({ resumeAsked: { by: 'ann' } });
  });

  test.each(['ann', ' Ann', 'ANN ', 'ａｎｎ'])('is refused to the one who asked, also written "%s"', async (again) => {
    const { state, ports } = world();
    await stopEffects(ports, order('eve'));
    await resumeEffects(ports, order('ann'));
    await expect(resumeEffects(ports, order(again))).rejects.toMatchObject({ code: 'same-person' });
    expect(state.stands?.stopped).toBe(true);
  });

  test('begins anew after a new stop and after an hour', async () => {
    const { state, ports } = world();
    await stopEffects(ports, order('eve'));
    await resumeEffects(ports, order('ann'));
    await stopEffects(ports, order('eve'));
    expect(await resumeEffects(ports, order('bob'))).toMatchObject({ stopped: true, resumeAsked: { by: 'bob' } });
    state.nowMs += resumeAskMs + 1;
    expect(await resumeEffects(ports, order('ann'))).toMatchObject({ stopped: true, resumeAsked: { by: 'ann' } });
  });

  test('says so where nothing is stopped', async () => {
    const { ports } = world();
    await expect(resumeEffects(ports, order('ann'))).rejects.toMatchObject({ code: 'not-stopped' });
  });

  test('that loses against a new stop records last what stands', async () => {
    const { state, ports } = world();
    await stopEffects(ports, order('eve'));
    await resumeEffects(ports, order('ann'));
    const late: StopPorts = {
      ...ports,
      replace: async (before, next) => {
        await stopEffects(ports, { ...order('mia'), reason: 'not yet' });
        return await ports.replace(before, next);
      },
    };
    await expect(resumeEffects(late, order('bob'))).rejects.toMatchObject({ code: 'stop-changed' });
    expect(state.stands).toMatchObject({ stopped: true, by: 'mia' });
    const { body, personal } = state.audit.at(-1)!;
    expect({ ...body, ...personal?.data }).toEqual(state.stands);
  });

  test('whatever the order of stops and resumes, it never follows from one person alone', async () => {
    const step = fc.record({ does: fc.constantFrom('stop', 'resume'), by: fc.constantFrom('ann', 'Ann', 'bob') });
    let resumes = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
        const { state, ports } = world();
        let asked: string[] = [];
        for (const { does, by } of steps) {
          state.nowMs += 1;
          if (does === 'stop') {
            await stopEffects(ports, order(by));
            asked = [];
            continue;
          }
          const after = await resumeEffects(ports, order(by)).catch(() => undefined);
          if (after?.stopped === true) asked.push(by);
          if (after?.stopped !== false) continue;
          resumes += 1;
          expect(asked.some((one) => !samePerson(one, by))).toBe(true);
        }
      }),
    );
    expect(resumes).toBeGreaterThan(10);
  });
});
