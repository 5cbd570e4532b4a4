/**
 * What every remediator must hold, against a real server that imitates its provider, counts what it really did and goes
 * wrong in every way of the list. A new remediator is found by itself; what it needs here is a rig of its own in
 * test/support/endpoints/NAME.ts.
 */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { testAuthority } from '../../../../bench/stack/certificates.ts';
import type { Fault } from '../../../../bench/stack/misbehave.ts';
import { openRemediator } from '../../../../lib/adapters/remediation/configured.ts';
import { remediators } from '../../../../lib/adapters/remediation/index.ts';
import { canonical, sha256 } from '../../../../lib/core/audit/canonical.ts';
import { reconcile } from '../../../../lib/core/remediation/reconcile.ts';
import { remediate } from '../../../../lib/core/remediation/remediate.ts';
import type { CallResult, OpenRemediator, StoredRequest } from '../../../../lib/core/remediation/remediator.ts';
import { type Rig, type StartRig, surroundingsFor } from '../../../support/endpoints/rig.ts';
import { caseFor, memoryWorld, proposalFor } from '../../../support/remediation-world.ts';

const rigs: { name: string; provider: string; start: StartRig }[] = [];
for (const name of Object.keys(remediators)) {
  const { rigs: own } = (await import(`../../../support/endpoints/${name}.ts`)) as { rigs: Record<string, StartRig> };
  for (const [provider, start] of Object.entries(own)) rigs.push({ name, provider, start });
}

const authority = testAuthority(Date.now());
const usual = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...usual, authority.certificate]));
afterAll(() => setDefaultCACertificates(usual));

let orders = 0;
/** A new order as it would be stored, for a target of its own. */
function newRequest(change: object = {}): StoredRequest {
  orders += 1;
  const effectKey = sha256(`order ${orders}`);
  const body = canonical({
    v: 1,
    effectKey,
    caseId: sha256(`case ${orders}`),
    correlationId: `plant-1/boot-1/${orders}`,
    asset: 'plant-1',
    action: 'close-valve',
    target: `V${orders}`,
    parameters: { zone: 'Z3' },
    reason: 'Z3 inflow is 12 % above its "profile" \\ \u2028 <b>',
    ...change,
  });
  return { effectKey, body };
}

const options = { timeoutMs: 900, beforeSend: async () => undefined };
const open = (name: string, rig: Rig, change: Parameters<typeof surroundingsFor>[1] = {}): OpenRemediator =>
  openRemediator(name, { [name]: rig.settings }, surroundingsFor(rig, change)).open;

/** Whatever is claimed must be so: this is what the whole ledger rests on. */
function expectTruth(result: CallResult, physical: number): void {
  if (result.status === 'SUCCEEDED') expect(physical).toBe(1);
  if (result.status === 'DEFERRED' || (result.status === 'FAILED' && result.provenNotExecuted))
    expect(physical).toBe(0);
  expect(physical).toBeLessThanOrEqual(1);
}

const unknown = { status: 'UNKNOWN' };
const faults: readonly (readonly [string, Fault, object, number])[] = [
  ['a reset before the effect', 'reset-before', unknown, 0],
  ['a reset after the effect', 'reset-after', unknown, 1],
  ['a timeout before the effect', 'hang-before', unknown, 0],
  ['a timeout after the effect', 'hang-after', unknown, 1],
  ['a body that never ends', 'slow-body', unknown, 1],
  ['a body that is cut short', 'cut-short', unknown, 1],
  ['an oversized body', 'oversized', unknown, 1],
  ['a wrong content type', 'html', unknown, 0],
  ['garbage in place of JSON', 'garbage', unknown, 0],
  ['a redirect', 'redirect', unknown, 0],
  ['a redirect for the same again', 'redirect-same-method', { status: 'FAILED', provenNotExecuted: true }, 0],
  ['429', { status: 429, headers: { 'retry-after': '7' } }, { status: 'DEFERRED', retryAfterMs: 7_000 }, 0],
  ['503', { status: 503, headers: { 'retry-after': '4' } }, { ...unknown, retryAfterMs: 4_000 }, 0],
  ['500', { status: 500 }, unknown, 0],
  ['403', { status: 403 }, { status: 'FAILED', provenNotExecuted: true }, 0],
  ['400', { status: 400 }, { status: 'FAILED', provenNotExecuted: true }, 0],
];

/** Faults that end when the time is over. */
const waits: readonly Fault[] = ['hang-before', 'hang-after', 'slow-body'];

describe.each(rigs)('$name against $provider', ({ name, start }) => {
  const declared = remediators[name]!;
  let rig: Rig;
  const own: Rig[] = [];
  /** What waits for a time to run out begins at once, each at a rig of its own; its test waits for it. */
  const begun = new Map<string, Promise<void>>();
  const begin = (what: string, run: (at: Rig) => Promise<void>): void => {
    const running = start().then((at) => {
      own.push(at);
      return run(at);
    });
    // It may fail before its test asks for it.
    running.catch(() => undefined);
    begun.set(what, running);
  };
  beforeAll(async () => {
    rig = await start();
    // The environment says where AWS is: of it there is one at a time.
    if (rig.isAws) return;
    for (const [what, fault, expected, effects] of faults) {
      if (!waits.includes(fault)) continue;
      begin(what, (at) => sendsThrough(at, fault, expected, effects));
      begin(`ledger ${what}`, (at) => recordsThrough(at, fault));
    }
    begin('look', looksThrough);
  });
  afterAll(async () => {
    await Promise.allSettled(begun.values());
    await Promise.all([rig, ...own].map((one) => one.stop()));
  });
  beforeEach(() => {
    rig.server.faults.length = 0;
    rig.server.lookFaults.length = 0;
    rig.server.requests.length = 0;
  });

  async function sendsThrough(at: Rig, fault: Fault, expected: object, effects: number): Promise<void> {
    const request = newRequest();
    at.server.faults.push(fault);
    const result = await open(name, at).send(request, options);
    expect(result).toMatchObject(expected);
    expect(at.physical(request.effectKey)).toBe(effects);
    expectTruth(result, effects);
  }

  async function recordsThrough(at: Rig, fault: Fault): Promise<void> {
    orders += 1;
    const record = caseFor(`ledger ${orders}`);
    const proposal = { ...proposalFor('plant-1', 'close-valve', `V${orders}`), remediator: name };
    const world = memoryWorld({ ...record, proposal });
    const way = open(name, at);
    const hurried: OpenRemediator = {
      send: (request, { beforeSend }) => way.send(request, { timeoutMs: 900, beforeSend }),
      ...(way.query && { query: (request: StoredRequest) => way.query!(request, { timeoutMs: 900 }) }),
    };
    const ports = { ...world.ports, remediator: () => ({ declared, open: hurried }) };
    at.server.faults.push(fault);
    let answer = await remediate(ports, { caseId: record.caseId, inverse: false });
    for (let round = 0; answer.status === 'UNKNOWN' && !answer.exhausted && round < 40; round += 1) {
      world.nowMs += answer.waitS * 1_000;
      answer = await reconcile(ports, { effectKey: answer.effectKey, maySend: true });
    }
    const physical = at.physical(answer.effectKey);
    const { outcome, request } = world.ledger.effects.get(answer.effectKey)!;
    expect(physical).toBeLessThanOrEqual(1);
    if (answer.status === 'SUCCEEDED') expect(physical).toBe(1);
    if (outcome?.provenNotExecuted) expect(physical).toBe(0);
    // What was done is found; only where nothing was done and nothing can be proven is a person asked.
    if (answer.status === 'UNKNOWN')
      expect({ exhausted: answer.exhausted, physical }).toEqual({ exhausted: true, physical: 0 });
    if (declared.keyRetentionMs > 0) expect(answer.status).not.toBe('UNKNOWN');
    // Nothing but the stored bytes ever went out.
    const sent = at.server.requests.filter(({ body }) => body.includes(answer.effectKey));
    for (const { body } of sent)
      expect([body, JSON.stringify(body)].some((text) => text.includes(request) || text.includes('close-valve'))).toBe(
        true,
      );
  }

  async function looksThrough(at: Rig): Promise<void> {
    for (const fault of ['reset-before', 'hang-before', 'html', { status: 500 }] as const) {
      const request = newRequest();
      at.server.lookFaults.push(fault);
      at.server.requests.length = 0;
      const result = await open(name, at).send(request, options);
      // Those that do not look first have carried it out; a fault in a look is never an UNKNOWN.
      expect(['SUCCEEDED', 'DEFERRED']).toContain(result.status);
      expectTruth(result, at.physical(request.effectKey));
      at.server.lookFaults.length = 0;
    }
  }

  test('carries an order out once and says so', async () => {
    const request = newRequest();
    expect(await open(name, rig).send(request, options)).toMatchObject({
      status: 'SUCCEEDED',
      reference: expect.stringMatching(/./),
    });
    expect(rig.physical(request.effectKey)).toBe(1);
  });

  test('the same order twice is carried out once', async () => {
    const request = newRequest();
    const first = await open(name, rig).send(request, options);
    const second = await open(name, rig).send(request, options);
    expect(second).toMatchObject({ status: 'SUCCEEDED' });
    if (declared.offers.includes('keyed') || declared.offers.includes('queryable'))
      expect(second).toHaveProperty('reference', (first as { reference?: string }).reference);
    expect(rig.physical(request.effectKey)).toBe(1);
  });

  test('the same key with another payload is a conflict, where the provider can tell', async () => {
    const request = newRequest();
    await open(name, rig).send(request, options);
    const other = { ...request, body: request.body.replace('close-valve', 'open-valve') };
    const result = await open(name, rig).send(other, options);
    if (rig.tellsPayloads) expect(result).toMatchObject({ status: 'FAILED', conflict: true, provenNotExecuted: false });
    expect(rig.physical(request.effectKey)).toBe(1);
  });

  test('in flight', async () => {
    const request = newRequest();
    rig.server.faults.push(rig.inFlight.fault);
    const result = await open(name, rig).send(request, options);
    expect(result).toMatchObject(rig.inFlight.means);
    expectTruth(result, rig.physical(request.effectKey));
  });

  test.each(faults)('%s', async (what, fault, expected, effects) => {
    await (begun.get(what) ?? sendsThrough(rig, fault, expected, effects));
  });

  test.each(faults)('%s: the ledger’s way through it, to one effect at most', async (what, fault) => {
    await (begun.get(`ledger ${what}`) ?? recordsThrough(rig, fault));
  });

  test('what the last check refuses is not sent, and its error passes unchanged', async () => {
    const stopped = new Error('stopped');
    const request = newRequest();
    const refuse = { timeoutMs: 900, beforeSend: () => Promise.reject(stopped) };
    await expect(open(name, rig).send(request, refuse)).rejects.toBe(stopped);
    expect(rig.physical(request.effectKey)).toBe(0);
  });

  test('a failed look before the order means that nothing was ordered', async () => {
    await (begun.get('look') ?? looksThrough(rig));
  });

  test('answers to questions say nothing when they go wrong', async () => {
    const way = open(name, rig);
    if (!declared.offers.includes('queryable')) return expect(way.query).toBeUndefined();
    const done = newRequest();
    await way.send(done, options);
    expect(await way.query!(done, { timeoutMs: 900 })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await way.query!(newRequest(), { timeoutMs: 900 })).toBeUndefined();
    for (const fault of ['html', 'garbage', 'redirect', { status: 500 }, { status: 403 }] as const) {
      rig.server.lookFaults.push(fault);
      expect((await way.query!(done, { timeoutMs: 900 }))?.status).not.toBe('FAILED');
      rig.server.lookFaults.length = 0;
    }
  });

  test('a secret that was rotated is fetched again after a 401, once', async () => {
    const request = newRequest();
    if (rig.secret === undefined) {
      // The functions' own credentials: AWS renews them, and says 403 to old ones.
      rig.server.faults.push({ status: 403, headers: { 'x-amzn-errortype': 'ExpiredTokenException' } });
      expect(await open(name, rig).send(request, options)).toMatchObject({ status: 'FAILED', provenNotExecuted: true });
      return;
    }
    const cached = rig.secret;
    rig.secret = `${cached.slice(0, -4)}beef`;
    const surroundings = surroundingsFor(rig, { cached });
    const { open: way } = openRemediator(name, { [name]: rig.settings }, surroundings);
    expect(await way.send(request, { ...options, timeoutMs: 5_000 })).toMatchObject({ status: 'SUCCEEDED' });
    expect(surroundings.fetched).toHaveLength(1);
    expect(rig.physical(request.effectKey)).toBe(1);

    const refused = newRequest();
    for (let n = 0; n < 6; n += 1) rig.server.faults.push({ status: 401 });
    rig.server.requests.length = 0;
    expect(await way.send(refused, { ...options, timeoutMs: 5_000 })).toMatchObject({
      status: 'FAILED',
      provenNotExecuted: true,
    });
    expect(rig.server.faults).toHaveLength(4);
  });

  test('a secret that the endpoint echoes is withheld', async () => {
    if (rig.secret === undefined) return expect(declared.needs(rig.settings).secrets).toEqual([]);
    const echo = { message: `you sent ${rig.secret} and ${Buffer.from(rig.secret).toString('base64')}` };
    rig.server.faults.push({
      status: 400,
      body: { ...echo, detail: echo.message, error: echo, errorMessages: [echo.message] },
    });
    const result = await open(name, rig).send(newRequest(), options);
    expect(result.message).toContain('[withheld]');
    expect(result.message).not.toContain(rig.secret.replace(/^whsec_/, ''));
    return undefined;
  });

  test('an address that is not public is refused unless it is allowed', async () => {
    const request = newRequest();
    const result = await open(name, rig, { allowPrivate: false }).send(request, options);
    if (rig.isAws) expect(result).toMatchObject({ status: 'SUCCEEDED' });
    else {
      expect(result).toMatchObject({
        status: 'FAILED',
        provenNotExecuted: true,
        message: expect.stringContaining('127.0.0.1'),
      });
      expect(rig.server.requests).toHaveLength(0);
    }
  });

  test('TLS: a good certificate is taken, one that has expired is not, and nothing is sent to it', async () => {
    const good = await start(authority.issue('server', 30));
    try {
      expect(await open(name, good).send(newRequest(), { ...options, timeoutMs: 3_000 })).toMatchObject({
        status: 'SUCCEEDED',
      });
    } finally {
      await good.stop();
    }
    const expired = await start(authority.issue('server', -1));
    try {
      const result = await open(name, expired).send(newRequest(), { ...options, timeoutMs: 3_000 });
      expect(result).toMatchObject({ status: 'DEFERRED', message: expect.stringContaining('expired') });
      expect(expired.server.requests).toHaveLength(0);
    } finally {
      await expired.stop();
    }
  });

  test('unknown settings are refused by name', () => {
    expect(() => declared.check({ ...rig.settings, tokn: 'x' })).toThrow(/tokn/);
    expect(() => declared.check({ ...rig.settings, secret: 'hunter2' })).toThrow(/secret/);
  });
});
