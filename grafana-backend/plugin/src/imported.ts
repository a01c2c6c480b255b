import { DataQuery } from '@grafana/schema';

import { FootfallQuery, KINDS } from './query';

/** A query of another data source, as far as it matters here. */
type Foreign = DataQuery & { rawSql?: string; rawQuery?: string; expr?: string };

/**
 * What remains of another data source's queries when a panel or Explore changes to this one: our own as they are, and
 * SQL, whose macros and variables mean the same. Nothing else can be carried over.
 */
export function imported(queries: DataQuery[]): FootfallQuery[] {
  return queries.flatMap((query): FootfallQuery[] => {
    if (Object.hasOwn(KINDS, query.queryType ?? '') && !isForeignSql(query)) {
      return [{ ...query } as FootfallQuery];
    }
    const { rawSql } = query as Foreign;
    const { refId, hide } = query;
    return rawSql?.trim() ? [{ refId, hide, queryType: 'sql', rawSql }] : [];
  });
}

/** Grafana's ClickHouse data source has query types too. */
const isForeignSql = (query: DataQuery) => query.queryType !== 'sql' && Boolean((query as Foreign).rawSql);
