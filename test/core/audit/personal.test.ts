import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sealedPersonal } from '../../../lib/contracts/subject.ts';
import { type AuditDraft, genesisHash, sealEntry } from '../../../lib/core/audit/entry.ts';
import { holdsChain, holdsIn, placeHold, releaseHold } from '../../../lib/core/audit/holds.ts';
import { openPersonal, sealPersonal } from '../../../lib/core/audit/personal.ts';

const key = randomBytes(32);
const subject = 'person-0123456789abcdef';

test('what is sealed opens with its key, in its place, unchanged, and not otherwise', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })), fc.nat(), (data, n) => {
      const sealed = sealPersonal(key, randomBytes(12), subject, 'entry-1', data);
      expect(sealedPersonal.parse(sealed)).toEqual(sealed);
      expect({ ...openPersonal(key, sealed, 'entry-1') }).toEqual({ ...data });
      const bytes = Buffer.from(sealed.data, 'base64');
      bytes[n % bytes.length]! ^= 1;
      for (const [wrongKey, wrong, place] of [
        [randomBytes(32), sealed, 'entry-1'],
        [key, sealed, 'entry-2'],
        [key, { ...sealed, subject: 'person-fedcba9876543210' }, 'entry-1'],
        [key, { ...sealed, data: bytes.toString('base64') }, 'entry-1'],
        [key, { ...sealed, tag: Buffer.alloc(4).toString('base64') }, 'entry-1'],
      ] as const)
        expect(() => openPersonal(wrongKey, wrong, place)).toThrow(/does not open/);
    }),
  );
});

test('a hold stands until another person releases it, as often as it is placed', () => {
  const [ann, bob] = ['person-aaaaaaaaaaaaaaaa', 'person-bbbbbbbbbbbbbbbb'];
  const caseId = 'c'.repeat(64);
  const chain: ReturnType<typeof sealEntry>[] = [];
  const add = (draft: AuditDraft | undefined): void => {
    const { personal: _, ...rest } = draft!;
    chain.push(sealEntry(rest, chain.length, chain.at(-1)?.hash ?? genesisHash, chain.length));
  };
  for (let round = 0; round < 2; round += 1) {
    add(placeHold(holdsIn(chain), { caseId, by: ann, reason: 'a claim' }));
    expect(placeHold(holdsIn(chain), { caseId, by: bob, reason: 'me too' })).toBeUndefined();
    expect(() => releaseHold(holdsIn(chain), { caseId, by: ann, reason: 'over' })).toThrow(/somebody else/);
    add(releaseHold(holdsIn(chain), { caseId, by: bob, reason: 'over' }));
    expect(() => releaseHold(holdsIn(chain), { caseId, by: bob, reason: 'over' })).toThrow(/not under a hold/);
  }
  expect(chain).toHaveLength(4);
  expect(new Set(chain.map(({ entryId }) => entryId)).size).toBe(4);
  expect(chain.every(({ chain: name }) => name === holdsChain)).toBe(true);
});
