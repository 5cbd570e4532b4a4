/** Packs, figures, settings and the audit of the API in memory. */
import type { PackView } from '../../../lib/contracts/api.ts';
import { drift } from './fake-drift.ts';
import type { Api } from './fake-routes.ts';
import { type FakeWorld, spki } from './fake-world.ts';

const shownDrift = await drift();

export function addRecords(api: Api, world: FakeWorld, packs: readonly PackView[]): void {
  api.get('/packs', (c) => c.json({ items: packs }));
  api.get('/drift', (c) => c.json(shownDrift));
  api.get('/figures', (c) =>
    c.json({
      fromMs: Number(c.req.query('fromMs')),
      toMs: Number(c.req.query('toMs')),
      sample: { cases: 41, decisions: 812, complete: true },
      cases: 41,
      automatedShare: 0.76,
      overrides: 2,
      rejected: 3,
      expired: 1,
      steps: [
        { name: 'decide', title: 'Reading to decision', p50Ms: 840, p95Ms: 2_300, p99Ms: 4_100, n: 812 },
        { name: 'answer', title: 'Question to answer', p50Ms: 96_000, p95Ms: 840_000, p99Ms: 2_400_000, n: 10 },
        { name: 'act', title: 'Order to outcome', p50Ms: 3_100, p95Ms: 9_000, p99Ms: 41_000, n: 33 },
      ],
      perKind: [
        {
          kind: 'leak',
          cases: 12,
          automated: 9,
          overrides: 1,
          rejected: 1,
          medianMs: 140_000,
          manualMinutes: 47,
          timeSavedMinutes: 530,
        },
      ],
      timeSavedMinutes: 530,
      costUsd: { perDecision: 0.00021, month: 4.1 },
      falseAlarms: { n: 3, of: 19, low: 0.05, high: 0.36 },
      queue: { waiting: 4, oldestAgeMs: 5_400_000, complete: true },
      workQueues: [
        { name: 'dead-letters', waiting: 3, complete: true, unknown: 'refused' },
        { name: 'flags', waiting: 200, oldestAgeMs: 240_000, complete: false },
        { name: 'answers', waiting: 0, complete: true },
        { name: 'messages', complete: false, unknown: 'unreachable' },
      ],
      hastyApprovals: { n: 1, of: 9, belowMs: 4_000 },
    }),
  );
  let settings = { manualMinutes: { leak: 47 }, timeZone: 'Europe/Berlin' };
  api.get('/settings', (c) => c.json(settings));
  api.put('/settings', async (c) => {
    settings = await c.req.json();
    return c.json(settings);
  });
  api.get('/audit/chains', (c) =>
    c.json({
      items: [...world.chains]
        .filter(([chain]) => chain.startsWith(c.req.query('prefix') ?? ''))
        .map(([chain, texts]) => ({ chain, entries: texts.length })),
    }),
  );
  api.get('/audit/chains/:chain', (c) => {
    const chain = c.req.param('chain');
    return c.json({ chain, entries: world.chains.get(chain) ?? [] });
  });
  api.get('/audit/checkpoints', (c) => c.json({ items: [{ name: '000000000001', bytes: world.checkpoint.length }] }));
  api.get('/audit/checkpoints/:name', (c) => c.json({ name: c.req.param('name'), text: world.checkpoint }));
  api.get('/audit/public-key', (c) => c.json({ keyId: 'local', algorithm: 'ECDSA_SHA_256', spki }));
}
