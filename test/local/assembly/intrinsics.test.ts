import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AssemblyError } from '../../../local/assembly/errors.ts';
import { Resolver } from '../../../local/assembly/intrinsics.ts';
import type { Json, JsonObject } from '../../../local/flow/types.ts';

const resolver = (more: { conditions?: JsonObject; mappings?: JsonObject } = {}) =>
  new Resolver({
    pseudo: { 'AWS::Region': 'eu-central-1', 'AWS::AccountId': '000000000000' },
    parameters: { Url: 'https://a.example', Count: 3, List: ['a', 'b'] },
    mappings: more.mappings ?? {},
    conditions: more.conditions ?? {},
    resources: {
      ref: (id) => (id === 'Table' ? 'the-table' : undefined),
      attribute: (id, name) => (id === 'Table' && name === 'Arn' ? 'arn:table' : undefined),
    },
  });

describe('intrinsic functions', () => {
  test.each<[string, Json, Json]>([
    ['Ref of a parameter', { Ref: 'Url' }, 'https://a.example'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-central-1'],
    ['Ref of a resource', { Ref: 'Table' }, 'the-table'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:table'],
    ['GetAtt as a text', { 'Fn::GetAtt': 'Table.Arn' }, 'arn:table'],
    [
      'Sub of everything',
      { 'Fn::Sub': '${Table}/${Table.Arn}/${AWS::Region}/${!Literal}' },
      'the-table/arn:table/eu-central-1/${Literal}',
    ],
    ['Sub with its own names', { 'Fn::Sub': ['${x}-${Url}', { x: { Ref: 'Table' } }] }, 'the-table-https://a.example'],
    ['Join over nested functions', { 'Fn::Join': ['-', ['a', { Ref: 'Table' }, { Ref: 'Count' }]] }, 'a-the-table-3'],
    ['Join of a list parameter', { 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b'],
    ['Select from a Split', { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['NoValue in a list', [{ Ref: 'AWS::NoValue' }, 1], [1]],
    ['an object that merely has a key Ref among others', { Ref: 'x', other: 1 }, { Ref: 'x', other: 1 }],
  ])('%s', (_, given, expected) => {
    const resolved = resolver().resolve(given, 'R.P');
    expect(resolved).toEqual(expected);
  });

  test('If chooses by conditions that combine, and does not resolve what it leaves', () => {
    const of = resolver({
      conditions: {
        IsEu: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] },
        No: { 'Fn::Not': [{ Condition: 'IsEu' }] },
        Both: { 'Fn::And': [{ Condition: 'IsEu' }, { 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Equals': ['a', 'a'] }] }] },
      },
    });
    expect(of.resolve({ 'Fn::If': ['Both', 'yes', { Ref: 'Nothing' }] }, 'R')).toBe('yes');
    expect(of.resolve({ 'Fn::If': ['No', { Ref: 'Nothing' }, 'no'] }, 'R')).toBe('no');
  });

  test('FindInMap follows its three keys', () => {
    const of = resolver({ mappings: { Sizes: { 'eu-central-1': { small: '1' } } } });
    expect(of.resolve({ 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, 'R')).toBe('1');
    expect(() => of.resolve({ 'Fn::FindInMap': ['Sizes', 'x', 'small'] }, 'R')).toThrow(
      /R: Fn::FindInMap finds nothing at Sizes.x.small/,
    );
  });

  test.each<[string, Json, RegExp]>([
    ['a Ref to nothing', { Ref: 'Gone' }, /Thing\.Name: Ref names 'Gone'/],
    ['a Ref to an inherited name', { Ref: 'constructor' }, /Ref names 'constructor'/],
    ['a GetAtt to nothing', { 'Fn::GetAtt': ['Table', 'Wings'] }, /'Table.Wings'/],
    ['ImportValue', { 'Fn::ImportValue': 'x' }, /Fn::ImportValue is not supported/],
    ['Transform', { 'Fn::Transform': { Name: 'x' } }, /Fn::Transform is not supported/],
    ['a dynamic reference', '{{resolve:ssm:/a}}', /dynamic references/],
    ['a condition function outside of conditions', { 'Fn::Equals': ['a', 'a'] }, /in Conditions only/],
    ['Select beyond the end', { 'Fn::Select': [5, ['a']] }, /element 5 of 1/],
    ['Select with a fraction', { 'Fn::Select': ['0.5', ['a', 'b']] }, /element 0.5/],
    ['Join of no list', { 'Fn::Join': ['-', 'a'] }, /separator and a list/],
    ['Join of an object', { 'Fn::Join': ['-', [{ a: 1 }]] }, /must be a text, got an object/],
    ['Split by nothing', { 'Fn::Split': ['', 'abc'] }, /Fn::Split/],
    ['Sub of an unknown name', { 'Fn::Sub': '${Gone}' }, /'Gone'/],
    ['If without a condition', { 'Fn::If': ['Gone', 1, 2] }, /no condition 'Gone'/],
    ['If with two arguments', { 'Fn::If': ['Gone', 1] }, /list of 3/],
  ])('%s is refused with its place', (_, given, message) => {
    const resolve = () => resolver().resolve({ deep: [given] }, 'Thing.Name');
    expect(resolve).toThrow(AssemblyError);
    expect(() => resolver().resolve(given, 'Thing.Name')).toThrow(message);
  });

  test('a condition that refers to itself is refused', () => {
    const of = resolver({ conditions: { A: { Condition: 'B' }, B: { Condition: 'A' } } });
    expect(() => of.condition('A')).toThrow(/refers to itself/);
  });

  test('what holds no intrinsic stays as it is', () => {
    const key = fc.string().filter((name) => name !== 'Ref' && !name.startsWith('Fn::') && name !== '__proto__');
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string().filter((text) => !text.includes('{{resolve:')),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
      ) as fc.Arbitrary<Json>,
    }));
    fc.assert(fc.property(tree, (value) => expect(resolver().resolve(value, 'R')).toEqual(value)));
  });

  test('Split undoes Join', () => {
    const words = fc.array(
      fc.string().filter((word) => !word.includes('|') && !word.includes('{{resolve:')),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(words, (list) => {
        expect(resolver().resolve({ 'Fn::Split': ['|', { 'Fn::Join': ['|', list] }] }, 'R')).toEqual(list);
      }),
    );
  });
});
