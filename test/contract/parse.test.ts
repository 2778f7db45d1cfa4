import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse, queryObject } from '#contract/parse.ts';
import { type FieldError, Problem } from '#contract/problem.ts';
import {
  PopularQuery,
  RecommendationsBody,
  RecommendationsQuery,
  SimilarQuery,
} from '#contract/recommendation.ts';

function refusal(work: () => unknown): { kind: string; detail: string; errors: readonly FieldError[] } {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return { kind: error.kind, detail: error.message, errors: error.errors };
    throw error;
  }
  throw new Error('Nothing was refused');
}

const pointers = (work: () => unknown) => refusal(work).errors.map(({ pointer }) => pointer);

describe('what does not fit its schema', () => {
  const Schema = v.strictObject({ a: v.string(), list: v.array(v.strictObject({ 'b/~c': v.number() })) });

  test('is refused with a pointer to each wrong field, escaped', () => {
    const given = { a: 1, list: [{ 'b/~c': 1 }, { 'b/~c': '2' }] };
    expect(pointers(() => parse(Schema, given))).toEqual(['/a', '/list/1/b~1~0c']);
  });

  test('is told whether a field is missing or unknown', () => {
    const { kind, errors } = refusal(() => parse(Schema, { list: [], more: 1 }));
    expect(kind).toBe('invalid-request');
    expect(errors).toEqual([
      { pointer: '/a', detail: 'This field is required' },
      { pointer: '/more', detail: 'There is no such field; remove it' },
    ]);
  });

  test('as a whole is pointed to by the empty pointer, and named', () => {
    expect(refusal(() => parse(Schema, null))).toMatchObject({
      detail: expect.stringMatching(/^The request: /),
      errors: [{ pointer: '' }],
    });
  });

  test('is told in bounded words, however much is wrong', () => {
    const { detail, errors } = refusal(() =>
      parse(v.array(v.number()), Array(5_000).fill('x'.repeat(5_000))),
    );
    expect(errors.length).toBe(20);
    for (const told of [detail, ...errors.map((error) => error.detail)])
      expect(told.length).toBeLessThan(400);
  });
});

describe('a query', () => {
  const object = (query: string, lists: string[] = []) => queryObject(new URLSearchParams(query), lists);

  test('is an object of its names, lists where lists are wanted', () => {
    expect({ ...object('a=1&l=x&l=y&b=', ['l']) }).toEqual({ a: '1', l: ['x', 'y'], b: '' });
  });

  test('that repeats a name is refused, with an escaped pointer', () => {
    expect(pointers(() => object('a~b/c=1&a~b/c=1'))).toEqual(['/a~0b~1c']);
  });

  test('cannot reach the prototype of an object', () => {
    const given = object('__proto__=x&constructor=y');
    expect(Object.keys(given)).toEqual(['__proto__', 'constructor']);
    expect(pointers(() => parse(SimilarQuery, given))).toContain('/__proto__');
  });

  test('of any text is either understood or refused as a problem, and nothing else', () => {
    const querySchemas = fc.constantFrom(RecommendationsQuery, SimilarQuery, PopularQuery);
    const name = fc.oneof(
      fc.constantFrom('limit', 'locale', 'tags', 'exclude', 'placement', '__proto__'),
      fc.string(),
    );
    const value = fc.oneof(fc.constantFrom('1', '100', 'en', 'c-1', ''), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(querySchemas, fc.array(fc.tuple(name, value), { maxLength: 6 }), (schema, pairs) => {
        try {
          parse(schema, queryObject(new URLSearchParams(pairs), ['tags', 'exclude']));
        } catch (error) {
          expect(error).toMatchObject({ kind: 'invalid-request', status: 422 });
        }
      }),
    );
  });
});

test('a body of any JSON is either understood or refused as a problem, and nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (given) => {
      try {
        parse(RecommendationsBody, given);
      } catch (error) {
        expect(error).toMatchObject({ kind: 'invalid-request', status: 422 });
      }
    }),
  );
});

test('lists of a question are sets: sorted, and each item once', () => {
  const query = queryObject(new URLSearchParams('tags=b&tags=a&tags=b&exclude=z&exclude=y'), [
    'tags',
    'exclude',
  ]);
  expect(parse(RecommendationsQuery, query)).toMatchObject({
    tags: ['a', 'b'],
    exclude: ['y', 'z'],
    limit: 10,
    placement: 'discover',
  });
});
