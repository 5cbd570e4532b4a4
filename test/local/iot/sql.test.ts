import { describe, expect, test } from '@jest/globals';
import { evaluateSql, fillTemplate, parseTemplate, type SqlContext } from '../../../local/iot/sql-evaluate.ts';
import { parseSql, SqlError } from '../../../local/iot/sql-parser.ts';
import { topicMatches } from '../../../local/iot/topic-filter.ts';
import { telemetryRule } from '../support/models.ts';

function context(payload: unknown, topic = 'telemetry/north'): SqlContext {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  return { topic, payload: bytes, clientId: 'gateway-1', nowMs: 1_790_000_000_000, uuid: () => 'u-1' };
}

function run(sql: string, payload: unknown): unknown {
  const bytes = evaluateSql(parseSql(sql), context(payload));
  return bytes === undefined ? undefined : JSON.parse(bytes.toString());
}

describe('the stack’s rule', () => {
  test('passes any bytes as base64 beside what the service knows', () => {
    const payload = Buffer.from([0, 255, 10, 123]);
    expect(run(telemetryRule.sql, payload)).toEqual({
      payload: payload.toString('base64'),
      asset: 'north',
      receivedAtMs: 1_790_000_000_000,
      clientId: 'gateway-1',
    });
  });
});

describe('select', () => {
  test.each([
    ["SELECT a.b AS x, c[1] AS y, missing FROM 't'", { a: { b: 1 }, c: [1, 2] }, { x: 1, y: 2 }],
    ["select *, topic() as t from 't/+'", { a: 1, t: 0 }, { a: 1, t: 'telemetry/north' }],
    ["SELECT a.b FROM 't'", { a: { b: [1] } }, { b: [1] }],
    ["SELECT 'it''s' AS s, -1.5 AS n, true AS b, null AS z FROM 't'", {}, { s: "it's", n: -1.5, b: true, z: null }],
    ['SELECT topic(9) AS none, topic(1) AS one', {}, { one: 'telemetry' }],
    ["SELECT encode(a, 'base64') AS e FROM 't'", { a: 'hi' }, { e: 'aGk=' }],
    ["SELECT constructor, __proto__ AS p FROM 't'", {}, {}],
  ])('%s', (sql, payload, expected) => {
    expect(run(sql, payload)).toEqual(expected);
  });

  test('* alone passes the bytes on, also when they are no JSON', () => {
    expect(evaluateSql(parseSql("SELECT * FROM 't'"), context(Buffer.from('{x')))!.toString()).toBe('{x');
  });

  test('needs JSON where it looks into the payload', () => {
    expect(() => run("SELECT a FROM 't'", Buffer.from('{x'))).toThrow('not JSON');
    expect(() => run("SELECT *, 1 AS n FROM 't'", [1])).toThrow('not JSON');
  });
});

describe('where', () => {
  test.each([
    ['t > 5', { t: 6 }, true],
    ['t > 5', { t: '6' }, true],
    ['t > 5', {}, false],
    ['NOT t > 5', {}, false],
    ["t = 'a' AND u <> 2", { t: 'a', u: 3 }, true],
    ["t = 'a' OR u = 2", { t: 'b', u: 2 }, true],
    ["(t = 'a' OR t = 'b') AND NOT u <= 1", { t: 'b', u: 2 }, true],
    ['t < u', { t: 'x', u: 5 }, false],
    ['t = null', { t: null }, true],
    ['t', { t: 1 }, false],
    ["topic(2) = 'north' AND clientid() = 'gateway-1'", {}, true],
  ])('%s on %j', (where, payload, passes) => {
    expect(run(`SELECT 1 AS one FROM 't' WHERE ${where}`, payload)).toEqual(passes ? { one: 1 } : undefined);
  });
});

describe('what is not supported is refused at its position', () => {
  test.each([
    ['', 1, 'SELECT is expected'],
    ["SELECT a + 1 AS b FROM 't'", 10, 'not supported'],
    ["SELECT upper(a) AS b FROM 't'", 8, 'upper is not supported'],
    ["SELECT timestamp() FROM 't'", 8, 'needs a name'],
    ["SELECT encode(*, 'hex') AS b FROM 't'", 8, "only encoding supported is 'base64'"],
    ["SELECT encode(*) AS b FROM 't'", 8, 'takes 2 arguments, not 1'],
    ["SELECT topic(0) AS b FROM 't'", 8, 'from 1 on'],
    ['SELECT a FROM t', 15, 'single quotes'],
    ["SELECT a FROM 'a/#/b'", 15, 'no valid topic filter'],
    ["SELECT a FROM 'a+'", 15, 'no valid topic filter'],
    ["SELECT a FROM 't' GROUP BY b", 19, "'GROUP' is not supported"],
    ["SELECT a FROM 't' WHERE", 24, 'not supported'],
    ["SELECT (SELECT b FROM c) AS a FROM 't'", 9, 'SELECT is not expected'],
    ["SELECT a FROM 't", 15, 'not closed'],
    ["SELECT a; FROM 't'", 9, "';' is not supported"],
    ["SELECT a AS FROM 't'", 18, 'not supported'],
    [`SELECT ${'('.repeat(60)}a${')'.repeat(60)} AS a FROM 't'`, 58, 'nested'],
    [`SELECT a FROM 't' WHERE ${'NOT '.repeat(80)}a`, 225, 'nested'],
  ])('%s', (sql, position, message) => {
    const error = (() => {
      try {
        parseSql(sql);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(SqlError);
    expect((error as SqlError).message).toContain(message);
    expect((error as SqlError).position).toBe(position);
  });
});

describe('templates', () => {
  test('are filled from the message', () => {
    const template = parseTemplate(['a/$', '{topic(2)}/$', '{timestamp()}-$', '{newuuid()}/$', '{x.y}'].join(''));
    expect(fillTemplate(template, context({ x: { y: 3 } }))).toBe('a/north/1790000000000-u-1/3');
  });
  test('are refused where broken or without value', () => {
    expect(() => parseTemplate(['a$', '{topic(2)'].join(''))).toThrow('not closed');
    expect(() => parseTemplate(['$', '{lower(a)}'].join(''))).toThrow('not supported');
    expect(() => fillTemplate(parseTemplate(['$', '{gone}'].join('')), context({}))).toThrow('no value');
  });
});

test.each([
  ['a/+', 'a/b', true],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['#', '$aws/x', false],
  ['+/x', '$aws/x', false],
  ['a', 'b', false],
  ['a/+/c', 'a//c', true],
])('filter %s and topic %s', (filter, topic, matches) => {
  expect(topicMatches(filter, topic)).toBe(matches);
});
