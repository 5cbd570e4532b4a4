import { describe, expect, test } from '@jest/globals';
import { parseRoute, query, to } from '../../web/src/lib/address.ts';

describe('addresses of pages', () => {
  test.each([
    ['', 'now', undefined],
    ['#/', 'now', undefined],
    ['#/cases', 'cases', undefined],
    ['#/cases/', 'cases', undefined],
    [to.case('3f2a'), 'case', '3f2a'],
    [to.asset('a b/c'), 'asset', 'a b/c'],
    [to.chain('case#3f2a'), 'audit', 'case#3f2a'],
    ['#/review?x=1', 'review', undefined],
    ['#/nowhere', 'unknown', undefined],
    ['#/cases/%', 'unknown', undefined],
  ])('%s', (hash, page, id) => {
    const route = parseRoute(hash);
    expect([route.page, route.id]).toEqual([page, id]);
  });
  test('a filter stands in the address and comes back', () => {
    const hash = `${to.cases}${query({ state: 'all', kind: '', asset: 'a&b' })}`;
    expect(hash).toBe('#/cases?state=all&asset=a%26b');
    expect(parseRoute(hash).query.get('asset')).toBe('a&b');
  });
});
