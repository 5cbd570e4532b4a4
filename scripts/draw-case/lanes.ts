/** The three lanes of the picture, sensors, decision and crew, and the chain of the audit below them. */
import type { CaseData, Trace } from './case-data.ts';
import { dot, line, type Piece, paragraph, path, rect, text } from './svg.ts';

const size = { kicker: 14, body: 16, small: 14, big: 26 } as const;
const pad = 18;

/** A card of `width` around what `inside` draws from its own left edge and top. */
function card(width: number, minHeight: number, inside: (x: number, y: number, width: number) => Piece): Piece {
  const { svg, height } = inside(pad, pad, width - 2 * pad);
  const whole = Math.max(minHeight, height + 2 * pad);
  return { svg: rect(0, 0, width, whole, 'card', 10) + svg, height: whole };
}

/** Pieces one below the other. */
class Stack {
  svg = '';
  y: number;
  constructor(y: number) {
    this.y = y;
  }
  add(piece: Piece, gap = 0): void {
    this.svg += piece.svg;
    this.y += piece.height + gap;
  }
}

const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const short = (hash: string | undefined): string => hash?.slice(0, 10) ?? '–';
const seconds = (ms: number): string =>
  ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 99_500 ? 1 : 0)} s`;

export function sensorLane(data: CaseData, width: number, minHeight = 0): Piece {
  const { flag, traces, effectAtMs, clockRate } = data;
  return card(width, minHeight, (x, top, inner) => {
    const stack = new Stack(top);
    stack.add(paragraph(x, stack.y, inner, 'SENSORS', { size: size.kicker, css: 'kicker' }), 4);
    stack.add(paragraph(x, stack.y, inner, flag.asset, { size: size.big, css: 'strong' }), 6);
    for (const [at, trace] of traces.entries())
      stack.add(
        chart(trace, x, stack.y, inner, at === 0 ? 130 : 82, flag.atMs, effectAtMs, at === traces.length - 1),
        8,
      );
    stack.add(legend(x, stack.y, inner, effectAtMs !== undefined), 8);
    const flagged = `Flagged (${flag.reason}) at ${clock(flag.atMs)} of the plant’s clock${clockRate > 1 ? ` (which runs ${clockRate} × here)` : ''}. By chance: p = ${flag.pValue.toPrecision(1)}.`;
    stack.add(paragraph(x, stack.y, inner, flagged, { size: size.body }));
    return { svg: stack.svg, height: stack.y - top };
  });
}

function chart(
  trace: Trace,
  x: number,
  y: number,
  width: number,
  height: number,
  flagMs: number,
  effectMs: number | undefined,
  withTimes: boolean,
): Piece {
  const head = 20;
  const foot = withTimes ? 20 : 4;
  const [from, to] = [trace.timesMs[0]!, trace.timesMs.at(-1)!];
  const all = [...trace.values, ...trace.expected].filter((value) => !Number.isNaN(value));
  const low = Math.min(...all);
  const span = Math.max(Math.max(...all) - low, 1e-9);
  const across = (atMs: number): number => x + ((atMs - from) / (to - from)) * width;
  const up = (value: number): number => y + head + height - ((value - low) / span) * height;
  const marks = [{ css: 'mark', atMs: flagMs }, ...(effectMs === undefined ? [] : [{ css: 'act', atMs: effectMs }])];
  const flaggedRow = trace.timesMs.indexOf(flagMs);
  const svg = [
    text(x, y + 14, trace.name, { size: size.small, css: 'strong', mono: true }),
    text(x + width, y + 14, [trace.about, trace.unit].filter(Boolean).join(', '), {
      size: size.small,
      css: 'soft',
      anchor: 'end',
    }),
    line(x, y + head + height, x + width, y + head + height, 'axis'),
    ...marks.map(({ css, atMs }) => line(across(atMs), y + head, across(atMs), y + head + height, css)),
    path(
      trace.timesMs.map((atMs, row) => [across(atMs), up(trace.expected[row]!)] as const),
      'profile',
    ),
    path(
      trace.timesMs.map((atMs, row) => [across(atMs), up(trace.values[row]!)] as const),
      'trace',
    ),
    flaggedRow < 0 ? '' : dot(across(flagMs), up(trace.values[flaggedRow]!), 5, 'ring'),
    ...(withTimes
      ? [
          text(x, y + head + height + 16, clock(from), { size: size.small, css: 'soft' }),
          text(x + width, y + head + height + 16, clock(to), { size: size.small, css: 'soft', anchor: 'end' }),
        ]
      : []),
  ];
  return { svg: svg.join(''), height: head + height + foot };
}

function legend(x: number, y: number, width: number, withEffect: boolean): Piece {
  const entries: [string, string][] = [
    ['trace', 'reading'],
    ['profile', 'profile'],
    ['mark', 'flag'],
    ...(withEffect ? ([['act', 'acted']] as [string, string][]) : []),
  ];
  const each = width / entries.length;
  const svg = entries.map(([css, name], at) => {
    const left = x + at * each;
    return (
      line(left, y + 10, left + 16, y + 10, css) + text(left + 21, y + 15, name, { size: size.small, css: 'soft' })
    );
  });
  return { svg: svg.join(''), height: 22 };
}

const verdictWords = {
  act: ['policy: it may act', 'good'],
  ask: ['policy: ask a person', 'ask'],
  observe: ['policy: only observe', 'soft'],
} as const;

export function decisionLane(data: CaseData, width: number, minHeight = 0): Piece {
  const { inference, guard } = data.decision;
  return card(width, minHeight, (x, top, inner) => {
    const stack = new Stack(top);
    stack.add(paragraph(x, stack.y, inner, 'DECISION', { size: size.kicker, css: 'kicker' }), 4);
    stack.add(
      paragraph(x, stack.y, inner, `${inference.kind}, ${percent(inference.confidence)}`, {
        size: size.big,
        css: 'strong',
      }),
      6,
    );
    stack.add(paragraph(x, stack.y, inner, inference.explanation.sentence, { size: size.body }), 10);
    const kinds = Object.entries(inference.probabilities)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 4);
    for (const [at, [name, share]] of kinds.entries()) stack.add(bar(name, share, at === 0, x, stack.y, inner), 2);
    const set = inference.set.join(', ');
    stack.add(paragraph(x, stack.y + 4, inner, `cannot be excluded: ${set}`, { size: size.small, css: 'soft' }), 14);
    const [words, css] = verdictWords[guard.verdict];
    stack.add(paragraph(x, stack.y, inner, words, { size: 18, css: `${css}` }), 2);
    for (const policy of guard.policies)
      stack.add(paragraph(x, stack.y, inner, policy, { size: size.small, css: 'soft', mono: true }), 2);
    for (const reason of guard.reasons)
      stack.add(paragraph(x, stack.y, inner, reason, { size: size.small, css: 'soft' }), 2);
    stack.y += 8;
    for (const [name, hash] of [
      ['model', inference.modelHash],
      ['calibration', inference.calibrationHash],
      ['policies', guard.policyHash],
    ] as const)
      stack.add(
        paragraph(x, stack.y, inner, `${name.padEnd(12)}${short(hash)}`, { size: 13, css: 'soft', mono: true }),
      );
    return { svg: stack.svg, height: stack.y - top };
  });
}

function bar(name: string, share: number, isTop: boolean, x: number, y: number, width: number): Piece {
  const label = 118;
  const value = 48;
  const room = width - label - value;
  return {
    svg:
      text(x, y + 15, name, { size: size.small, css: isTop ? 'strong' : 'soft' }) +
      rect(x + label, y + 4, room, 13, 'bar', 3) +
      rect(x + label, y + 4, room * share, 13, 'barTop', 3) +
      text(x + width, y + 15, percent(share), { size: size.small, css: 'soft', anchor: 'end' }),
    height: 23,
  };
}

interface Step {
  readonly css: string;
  readonly atMs: number;
  readonly title: string;
  readonly detail: string;
}

const statusIn = (body: Readonly<Record<string, unknown>>): unknown =>
  (body.outcome as { readonly status?: unknown } | undefined)?.status;

/** What happened after the decision, in order, with the time since the reading arrived. */
function steps(data: CaseData): Step[] {
  const { decision, review, effect, audit, verified, record } = data;
  const at = (type: string): number | undefined => audit.find((entry) => entry.type === type)?.at;
  const list: Step[] = [
    { css: 'dotFlow', atMs: decision.atMs, title: 'decided', detail: 'durable before anything else' },
  ];
  const { proposal } = record;
  if (review?.end.state === 'answered' && proposal !== undefined) {
    list.push({
      css: 'dotAsk',
      atMs: review.end.atMs,
      title: `${review.end.answer.by}: ${review.end.answer.answer}`,
      detail: `asked: ${proposal.action} ${proposal.target}?`,
    });
  }
  if (effect !== undefined) {
    list.push({
      css: 'dotFlow',
      atMs: at('effect-announced') ?? effect.createdAtMs,
      title: `announced: ${effect.action} ${effect.target}`,
      detail: `idempotency key ${short(effect.effectKey)}`,
    });
    const unknown = audit.find(({ type, body }) => type === 'effect-outcome' && statusIn(body) === 'UNKNOWN');
    const asked = audit.some(({ type, body }) => type === 'effect-reconciled' && body.by === 'query');
    if (unknown !== undefined)
      list.push({ css: 'dotAsk', atMs: unknown.at, title: 'sent, answer lost', detail: 'the outcome is unknown' });
    if (effect.outcome !== undefined) {
      const sent = audit.filter(({ type }) => type === 'effect-announced').length;
      const how = asked
        ? 'asked about by its key, not sent again'
        : sent === 1
          ? 'sent once'
          : `sent ${sent} times under one key`;
      list.push({
        css: effect.status === 'SUCCEEDED' ? 'dotGood' : 'dotBad',
        atMs: effect.outcome.atMs,
        title: `${effect.outcome.reference ?? ''} ${asked ? 'was carried out' : effect.outcome.message}`.trim(),
        detail: how,
      });
    }
  }
  const verifiedAt = at('effect-verified');
  if (verified !== undefined && verifiedAt !== undefined)
    list.push({
      css: verified.result === 'recovered' ? 'dotGood' : 'dotBad',
      atMs: verifiedAt,
      title: verified.result,
      detail: `judged by ${verified.rows} readings taken after it`,
    });
  if (record.closedAtMs !== undefined)
    list.push({
      css: 'dotGood',
      atMs: record.closedAtMs,
      title: `case closed: ${record.resolution ?? ''}`,
      detail: record.ticket === undefined ? '' : `ticket ${record.ticket}`,
    });
  return list;
}

export function crewLane(data: CaseData, width: number, minHeight = 0): Piece {
  const zeroMs = data.flag.receivedAtMs;
  const heading = data.effect === undefined ? 'no effect' : `${data.effect.action} ${data.effect.target}`;
  return card(width, minHeight, (x, top, inner) => {
    const stack = new Stack(top);
    stack.add(paragraph(x, stack.y, inner, 'CREW', { size: size.kicker, css: 'kicker' }), 4);
    stack.add(paragraph(x, stack.y, inner, heading, { size: size.big, css: 'strong' }), 2);
    stack.add(paragraph(x, stack.y, inner, 'times since the reading arrived', { size: size.small, css: 'soft' }), 10);
    const list = steps(data);
    const rail = x + 6;
    const first = stack.y;
    let last = first;
    let drawn = '';
    for (const { css, atMs, title, detail } of list) {
      last = stack.y + 10;
      drawn += dot(rail, last, 6, css);
      drawn += text(x + inner, stack.y + 15, `+${seconds(atMs - zeroMs)}`, {
        size: size.small,
        css: 'soft',
        anchor: 'end',
      });
      const head = paragraph(x + 24, stack.y, inner - 84, title, { size: size.body, css: 'strong' });
      drawn += head.svg;
      stack.y += head.height;
      const more = paragraph(x + 24, stack.y, inner - 24, detail, { size: size.small, css: 'soft' });
      drawn += more.svg;
      stack.y += more.height + 12;
    }
    return { svg: stack.svg + line(rail, first + 10, rail, last, 'rail') + drawn, height: stack.y - top - 12 };
  });
}

/** The chain of the case: each entry carries the hash of the one before. */
export function auditLane(data: CaseData, width: number, perRow: number): Piece {
  return card(width, 0, (x, top, inner) => {
    const stack = new Stack(top);
    stack.add(paragraph(x, stack.y, inner, 'AUDIT CHAIN OF THE CASE', { size: size.kicker, css: 'kicker' }), 6);
    const each = inner / perRow;
    const tall = perRow === 1 ? 24 : 46;
    let svg = '';
    for (const [at, entry] of data.audit.entries()) {
      const left = x + (at % perRow) * each;
      const y = stack.y + Math.floor(at / perRow) * tall;
      if (perRow === 1) {
        svg += text(left, y + 15, entry.type, { size: 15, css: 'ink' });
        svg += text(left + inner, y + 15, `${entry.prevHash.slice(0, 6)} → ${entry.hash.slice(0, 10)}`, {
          size: size.small,
          css: 'flow',
          mono: true,
          anchor: 'end',
        });
      } else {
        svg += text(left, y + 15, entry.type, { size: size.small, css: 'ink' });
        svg += text(left, y + 35, entry.hash.slice(0, 10), { size: size.small, css: 'flow', mono: true });
        if (at < data.audit.length - 1 && at % perRow < perRow - 1)
          svg += text(left + each - 30, y + 35, '→', { size: size.small, css: 'soft' });
      }
    }
    stack.add({ svg, height: Math.ceil(data.audit.length / perRow) * tall - (perRow === 1 ? 6 : 8) }, 6);
    const note = 'Each hash covers the entry and the hash before it; checkpoints of all heads are signed.';
    stack.add(paragraph(x, stack.y, inner, note, { size: size.small, css: 'soft' }));
    return { svg: stack.svg, height: stack.y - top };
  });
}
