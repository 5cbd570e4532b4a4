/** Assets of the API in memory, with what they read and how unlikely it was. */
import type { AssetSummary } from '../../../lib/contracts/api.ts';
import { startedMs } from './fake-cases.ts';
import { marksOf } from './fake-operations.ts';
import { type Api, problem } from './fake-routes.ts';
import { fakeScores, fakeSignal } from './fake-signal.ts';
import type { FakeWorld } from './fake-world.ts';

const assetRows: readonly (readonly [string, string, AssetSummary['status']])[] = [
  ['north-loop', 'north', 'alarm'],
  ['north-school', 'north', 'normal'],
  ['north-mill', 'north', 'normal'],
  ['harbour', 'harbour', 'alarm'],
  ['harbour-crane', 'harbour', 'normal'],
  ['hill-tank', 'hill', 'alarm'],
  ['hill-upper', 'hill', 'silent'],
  ['pumps-west', 'west', 'normal'],
  ['old-town', 'south', 'normal'],
  ['south-market', 'south', 'normal'],
  ['south-park', 'south', 'learning'],
];

export function assetsOf(world: FakeWorld): AssetSummary[] {
  return assetRows.map(([asset, zone, status], index) => ({
    asset,
    pack: 'water-network',
    site: 'demo-town',
    zone,
    ...(asset === 'harbour' && { zones: ['quay', 'harbour', 'market'] }),
    mode: 'act',
    status,
    lastReadingMs: Date.now() - (status === 'silent' ? 8_200_000 : 20_000 + index * 3_000),
    lastReceivedMs: Date.now() - (status === 'silent' ? 8_200_000 : 19_000 + index * 3_000),
    openCaseIds: world.cases
      .filter((one) => one.asset === asset && one.status !== 'closed')
      .map(({ caseId }) => caseId),
    channels: 12,
    missing: index % 4,
    ...marksOf(world, asset),
  }));
}

export function addAssets(api: Api, world: FakeWorld): void {
  api.get('/assets', (c) => c.json({ items: assetsOf(world) }));
  api.get('/assets/:asset', (c) => {
    const summary = assetsOf(world).find(({ asset }) => asset === c.req.param('asset'));
    if (!summary) return problem(c, 404, 'no-such-asset', 'There is no such asset.');
    const names = ['flow-north', 'pressure-n3', 'level-tank', 'flow-south', 'pressure-s2'];
    const roles = ['flow', 'pressure', 'level', 'flow', 'pressure'];
    const channels = names.map((name, index) => ({
      name,
      role: roles[index],
      unit: index === 2 ? 'm' : index % 2 ? 'bar' : 'l/s',
      zone: summary.zone,
    }));
    return c.json({
      ...summary,
      registration: {
        v: 1,
        asset: summary.asset,
        site: 'demo-town',
        pack: 'water-network',
        channels,
        clockRate: 1,
        topology: { zones: [], pumps: [] },
        silenceAfterMs: 3_600_000,
      },
      calibration: {
        hash: 'c'.repeat(64),
        fittedAtMs: startedMs - 86_400_000,
        rows: 2016,
        channels: channels.map((each) => ({
          ...each,
          low: 2.1,
          high: 4.8,
          center: 3.3,
          missingRate: 0.002,
          dead: each.name === 'flow-south',
        })),
        notes: ['Seven days of warm-up.'],
      },
      quality: {
        readings: 20_412,
        missing: 12,
        window: { rows: 200, missingCells: 3, flat: ['pressure-s2'], outOfRange: ['flow-north'] },
        boots: [{ bootId: 'b1', lastSeq: 4711, missing: 12 }],
      },
      holds:
        summary.asset === 'pumps-west'
          ? [
              {
                caseId: world.cases[3]?.caseId,
                action: 'start-pump',
                target: 'P3',
                expectedChannels: ['flow'],
                sinceMs: startedMs - 1_200_000,
              },
            ]
          : [],
    });
  });
  api.get('/assets/:asset/readings', (c) =>
    c.json(fakeSignal(Number(c.req.query('fromMs')), Number(c.req.query('toMs')))),
  );
  api.get('/assets/:asset/scores', (c) => {
    if (c.req.param('asset') === 'harbour-crane')
      return c.json({
        ...fakeScores(0, -1, 10),
        fromMs: Number(c.req.query('fromMs')),
        toMs: Number(c.req.query('toMs')),
      });
    return c.json(
      fakeScores(Number(c.req.query('fromMs')), Number(c.req.query('toMs')), Number(c.req.query('points'))),
    );
  });
}
