/** `groundcrew status`: is it well, and what waits for whom? */
import type { Command } from 'commander';
import pc from 'picocolors';
import { ordersFrom } from '../../lib/adapters/aws/standing-order-store.ts';
import { holdsAt } from '../../lib/core/guard/standing-orders.ts';
import { type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { driftHere, driftLine } from './support/drift.ts';
import { percentile, readAssets, readCases, readDecisions, readEffects, readStops } from './support/figures.ts';
import { operationsTable } from './support/operations.ts';
import { ago, printJson, printLine, printTable } from './support/print.ts';

export function registerStatus(program: Command): void {
  withContextOptions(
    program.command('status').description('assets, open cases, effects, drift of models and what waits for a person'),
  )
    .option('--json', 'one JSON document')
    .action(async (options: ContextOptions & { json?: boolean }) => {
      const context = openContext(options);
      const [assets, { cases, flags, flagsPending }, decisions, { effects }, stops] = await Promise.all([
        readAssets(context),
        readCases(context),
        readDecisions(context),
        readEffects(context),
        readStops(context),
      ]);
      const nowMs = Date.now();
      const orders = (await ordersFrom(operationsTable(context), nowMs)).map(({ order }) => order);
      const standing = orders.filter((order) => holdsAt(order, nowMs));
      const drift = driftHere(decisions, nowMs);
      const latencies = decisions.map((each) => each.inference.latencyMs);
      const summary = {
        assets: assets.length,
        calibrated: assets.filter((asset) => asset.calibrationHash !== undefined).length,
        silent: assets.filter((asset) => asset.silentSinceMs !== undefined).map((asset) => asset.asset),
        readings: assets.reduce((sum, asset) => sum + asset.readings, 0),
        flags,
        flagsPending,
        decisions: decisions.length,
        openCases: cases.filter((each) => each.status !== 'closed').length,
        waitingForPeople: cases.filter((each) => each.status === 'in-review').map((each) => each.caseId),
        effects: Object.fromEntries(
          ['SUCCEEDED', 'FAILED', 'UNKNOWN', 'IN_PROGRESS', 'PENDING'].map((status) => [
            status,
            effects.filter((each) => each.status === status).length,
          ]),
        ),
        stopped: stops,
        holds: assets.flatMap(({ asset, holds }) => holds.map((hold) => ({ asset, ...hold }))),
        expectedEffects: decisions.filter(({ guard }) => guard.expected !== undefined).length,
        standingOrders: standing.map(({ id, what, scope, kind, toMs }) => ({ id, what, scope, kind, toMs })),
        withheld: decisions.filter(({ guard }) => guard.withheld !== undefined).length,
        inferenceMsP95: percentile(latencies, 95) ?? null,
        drift: drift.map(({ name, verdict, decisions, assetDays, ood, features }) => ({
          pack: name,
          verdict,
          decisions,
          assetDays,
          unknownShare: ood?.strange ?? null,
          featuresShifted: features.shifted,
        })),
      };
      if (options.json === true) return printJson(summary);

      if (stops.length > 0)
        printLine(pc.red(`STOPPED: ${stops.join(', ')}: nothing acts there until "groundcrew resume".`));
      for (const { what, scope, kind, toMs } of standing)
        printLine(
          pc.yellow(
            `${what === 'shelving' ? `shelved: ${kind} on` : 'planned work:'} ${scope} until ${new Date(toMs).toISOString()}, only observed`,
          ),
        );
      printTable(
        ['asset', 'readings', 'last reading', 'calibrated', 'holds'],
        assets.map((asset) => [
          asset.asset,
          String(asset.readings),
          asset.lastReceivedMs === undefined
            ? 'never'
            : `${ago(asset.lastReceivedMs, nowMs)}${asset.silentSinceMs === undefined ? '' : pc.red(' SILENT')}`,
          asset.calibrationHash === undefined ? pc.yellow('warming up') : 'yes',
          asset.holds
            .map(
              ({ action, target, expectedChannels }) =>
                `${action} ${target} (expected: ${expectedChannels.join(', ') || 'nothing'})`,
            )
            .join('; ') || '–',
        ]),
      );
      printLine();
      printLine(
        `${summary.readings} readings, ${flags} flagged (${flagsPending} undecided), ${decisions.length} decisions, ${cases.length} cases (${summary.openCases} open)`,
      );
      printLine(
        `effects: ${Object.entries(summary.effects)
          .map(([status, count]) => `${count} ${status.toLowerCase().replace('_', ' ')}`)
          .join(', ')}`,
      );
      for (const each of drift) printLine(each.verdict === 'strange' ? pc.red(driftLine(each)) : driftLine(each));
      if (summary.waitingForPeople.length > 0)
        printLine(pc.yellow(`${summary.waitingForPeople.length} case(s) wait for a person: groundcrew case list`));
    });
}
