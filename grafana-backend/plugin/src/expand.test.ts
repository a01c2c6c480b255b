import { expect, test } from 'vitest';

import { expand, oneOf } from './expand';
import { templates } from './testing';

const several = templates({ id: ['7', '8'], section: ['docs', 'blog'], one: 'x', none: [] });

test('text around a variable is added to each of its values', () => {
  expect(expand('/p/$id', several, {})).toEqual(['/p/7', '/p/8']);
  expect(expand('/p/${id}.html', several, {})).toEqual(['/p/7.html', '/p/8.html']);
});

test('two variables give every pair; the same variable twice has the same value', () => {
  expect(expand('/$section/$id', several, {})).toEqual(['/docs/7', '/docs/8', '/blog/7', '/blog/8']);
  expect(expand('/$id/$id', several, {})).toEqual(['/7/7', '/8/8']);
});

test('a single value stays one string', () => {
  expect(expand('/p/$one', several, {})).toEqual(['/p/x']);
  expect(expand('/p/', several, {})).toEqual(['/p/']);
  expect(expand('/p/$none', several, {})).toEqual(['/p/']);
  expect(expand('/p/$unknown', several, {})).toEqual(['/p/$unknown']);
});

test('stops just above the number of values the backend accepts', () => {
  const thousand = Array.from({ length: 1_000 }, (_, at) => String(at));
  expect(expand('$a/$b', templates({ a: thousand, b: thousand }), {})).toHaveLength(1_001);
});

test('names and paths become a list only with several values', () => {
  expect(oneOf('$id', several, {})).toEqual(['7', '8']);
  expect(oneOf('$one', several, {})).toBe('x');
  expect(oneOf(['a', '$id'], several, {})).toEqual(['a', '7', '8']);
  expect(oneOf('', several, {})).toBe('');
  expect(oneOf(undefined, several, {})).toBeUndefined();
});
