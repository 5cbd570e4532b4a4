/**
 * Draws one case of a running runtime, from its sensors over the decision to what the crew did, with the hashes of its
 * audit: `docs/images/case.svg` for wide places and `docs/images/case-narrow.svg` for phones.
 *
 * `node scripts/draw-case.ts --data .groundcrew --case leak` (the start of a case id, or a kind)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openContext } from '../bin/commands/support/context.ts';
import { repositoryRoot } from '../layers/build.ts';
import { type CaseData, readCase } from './draw-case/case-data.ts';
import { auditLane, crewLane, decisionLane, sensorLane } from './draw-case/lanes.ts';
import { type Piece, svgDocument } from './draw-case/svg.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.groundcrew' },
    case: { type: 'string', default: 'leak' },
    out: { type: 'string', default: join(repositoryRoot, 'docs/images') },
  },
});

const gap = 16;
const lanes = [sensorLane, decisionLane, crewLane];
const at = (x: number, y: number, { svg }: Piece): string => `<g transform="translate(${x} ${y})">${svg}</g>`;

function describe({ flag, decision, record, effect }: CaseData): string {
  const acted =
    effect === undefined
      ? 'nothing was done'
      : `${effect.action} ${effect.target}: ${effect.outcome?.message ?? effect.status}`;
  return `${flag.asset}: ${decision.inference.explanation.sentence} Verdict: ${decision.guard.verdict}. ${acted}. Closed: ${record.resolution ?? 'not yet'}, ticket ${record.ticket ?? 'none'}.`;
}

/** Lanes beside each other. */
function wide(data: CaseData): string {
  const width = 1140;
  const each = (width - 4 * gap) / 3;
  const height = Math.max(...lanes.map((lane) => lane(data, each).height));
  const chain = auditLane(data, width - 2 * gap, Math.min(8, data.audit.length));
  const body = lanes.map((lane, n) => at(gap + n * (each + gap), gap, lane(data, each, height))).join('');
  return svgDocument(
    width,
    height + chain.height + 3 * gap,
    'One case from sensor to ticket',
    describe(data),
    body + at(gap, height + 2 * gap, chain),
  );
}

/** Lanes below each other. */
function narrow(data: CaseData): string {
  const width = 440;
  const margin = 10;
  let y = margin;
  let body = '';
  for (const piece of [
    ...lanes.map((lane) => lane(data, width - 2 * margin)),
    auditLane(data, width - 2 * margin, 1),
  ]) {
    body += at(margin, y, piece);
    y += piece.height + margin;
  }
  return svgDocument(width, y, 'One case from sensor to ticket', describe(data), body);
}

const data = await readCase(openContext({ data: values.data }), values.case);
mkdirSync(values.out, { recursive: true });
for (const [name, svg] of [
  ['case.svg', wide(data)],
  ['case-narrow.svg', narrow(data)],
] as const) {
  writeFileSync(join(values.out, name), svg);
  process.stdout.write(`${join(values.out, name)}: ${Buffer.byteLength(svg)} bytes\n`);
}
