import type { DataFrame } from '@grafana/data';
import { expect, test } from 'vitest';

import { withPartialBuckets } from './partial';

const frame = (custom?: unknown) => ({ refId: 'A', length: 0, fields: [], meta: { custom } }) as unknown as DataFrame;

test('marks the buckets that the backend notes, as annotations', () => {
  const partial = [
    { from: 10, to: 20, because: 'range' },
    { from: 30, to: 40, because: 'now' },
  ];
  const { data } = withPartialBuckets({ data: [frame({ partial }), frame()] });
  expect(data).toHaveLength(3);
  expect(data[2].meta.dataTopic).toBe('annotations');
  const values = Object.fromEntries(data[2].fields.map((field: any) => [field.name, field.values]));
  expect(values).toMatchObject({ time: [10, 30], timeEnd: [20, 40], text: ['Cut by the time range', 'Not over yet'] });
});

test('leaves other results as they are', () => {
  const response = { data: [frame(), frame({ direction: 'backward' })] };
  expect(withPartialBuckets(response)).toBe(response);
});
