/** The encryption of web push against the example of RFC 8291, and by opening what it made; the sender's key. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  areBrowserKeys,
  authorization,
  encrypted,
  maxTextBytes,
  senderKey,
} from '../../../lib/adapters/notification/push-message.ts';
import { receiver, refusals } from '../../support/endpoints/push-service.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
const endpoint = 'https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV';

test('is what the example of RFC 8291, appendix A, says, byte for byte', () => {
  const browser = {
    endpoint,
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  };
  const once = {
    salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
    privateKey: bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
  };
  expect(encrypted(Buffer.from('When I grow up, I want to be a watermelon'), browser, once).toString('base64url')).toBe(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  );
});

describe('a message', () => {
  test('is opened by its browser alone, whatever it says, and no two are alike', () => {
    const mine = receiver();
    const other = receiver();
    fc.assert(
      fc.property(fc.string({ maxLength: 600, unit: 'grapheme' }), (text) => {
        fc.pre(Buffer.byteLength(text) <= maxTextBytes);
        const body = encrypted(Buffer.from(text), mine.at(endpoint));
        expect(mine.opened(body)).toBe(Buffer.from(text).toString('utf8'));
        expect(() => other.opened(body)).toThrow();
        expect(encrypted(Buffer.from(text), mine.at(endpoint)).equals(body)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test('fits into one record, or is refused', () => {
    const mine = receiver();
    expect(encrypted(Buffer.alloc(maxTextBytes, 'x'), mine.at(endpoint))).toHaveLength(4_096);
    expect(() => encrypted(Buffer.alloc(maxTextBytes + 1), mine.at(endpoint))).toThrow(/at most 3993 fit/);
  });

  test.each([
    ['a point off the curve', { p256dh: Buffer.alloc(65, 4).toString('base64url') }],
    ['a compressed point', { p256dh: Buffer.alloc(33, 2).toString('base64url') }],
    ['no key', { p256dh: '' }],
    ['a short secret', { auth: Buffer.alloc(15).toString('base64url') }],
  ])('is not made for %s', (_, change) => {
    const keys = { ...receiver().at(endpoint), ...change };
    expect(areBrowserKeys(keys)).toBe(false);
    expect(() => encrypted(Buffer.from('x'), keys)).toThrow('no keys of a browser');
  });
});

describe('the key of who sends', () => {
  const secret = 'a-random-text-of-forty-characters-or-so!';
  const nowMs = 1_800_000_000_000;
  const exchange = (value: string) => ({
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'content-encoding': 'aes128gcm', ttl: '60', urgency: 'high', topic: 'a', authorization: value },
    body: '',
    bytes: Buffer.alloc(0),
  });

  test('is the same for the same secret, another for another, and none for a short one', () => {
    expect(senderKey(secret).publicKey).toBe(senderKey(`${secret}\n`).publicKey);
    expect(senderKey(secret).publicKey).not.toBe(senderKey(`${secret}.`).publicKey);
    expect(Buffer.from(senderKey(secret).publicKey, 'base64url')).toHaveLength(65);
    expect(() => senderKey('too short')).toThrow(/shorter than 32/);
    fc.assert(
      fc.property(fc.string({ minLength: 40, maxLength: 60, unit: fc.constantFrom(...'abcXYZ0189') }), (text) => {
        const key = senderKey(text);
        const word = authorization(endpoint, key, 'mailto:a@example.org', nowMs);
        expect(refusals(exchange(word), 'https://push.example.net', key.publicKey, nowMs)).toEqual([]);
        expect(word).not.toContain(text);
      }),
      { numRuns: 20 },
    );
  });

  test('signs for one service and some hours', () => {
    const key = senderKey(secret);
    const word = exchange(authorization(endpoint, key, 'mailto:a@example.org', nowMs));
    expect(refusals(word, 'https://elsewhere.example', key.publicKey, nowMs)).toEqual([
      'audience https://push.example.net',
    ]);
    expect(refusals(word, 'https://push.example.net', key.publicKey, nowMs + 13 * 3_600_000)).toEqual(['expiry']);
    expect(refusals(word, 'https://push.example.net', senderKey(`${secret}!`).publicKey, nowMs)).toEqual([
      'another key',
      'signature',
    ]);
  });
});
