import { css } from '@emotion/css';
import { GrafanaTheme2, TimeRange } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { asked } from '../asked';
import { fillIn } from '../interpolate';
import { plan, Plan } from '../resources';
import { FootfallSource } from '../source';
import { FootfallQuery } from '../query';
import { getTemplateSrv } from '@grafana/runtime';

interface PlanPreviewProps {
  datasource: FootfallSource;
  query: FootfallQuery;
  range?: TimeRange;
}

/** The statement and the number of rows ClickHouse expects to read, before the query runs. */
export function PlanPreview({ datasource, query, range }: PlanPreviewProps) {
  const style = useStyles2(styles);
  const [isOpen, setOpen] = useState(false);
  const [answer, setAnswer] = useState<{ plan?: Plan; error?: string }>({});
  const key = JSON.stringify([asked(query), range?.from.valueOf(), range?.to.valueOf()]);
  useEffect(() => {
    if (!isOpen || !range) {
      return;
    }
    let isWanted = true;
    // Errors in a variable are shown like errors in the query.
    Promise.resolve()
      .then(() => fillIn(query, getTemplateSrv(), {}))
      .then((filled) => plan(datasource, filled, range.from.valueOf(), range.to.valueOf()))
      .then((plan) => isWanted && setAnswer({ plan }))
      .catch((error) => isWanted && setAnswer({ error: error?.data?.error ?? String(error?.message ?? error) }));
    return () => {
      isWanted = false;
    };
    // The key contains the whole query and the range.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isOpen, key]);
  return (
    <div>
      <Button
        size="sm"
        variant="secondary"
        fill="text"
        icon={isOpen ? 'angle-down' : 'angle-right'}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        Statement and cost
      </Button>
      {isOpen && answer.error && (
        <div role="alert" className={style.error}>
          {answer.error}
        </div>
      )}
      {isOpen && answer.plan && (
        <>
          <div className={style.cost}>
            Reads about {answer.plan.rows.toLocaleString()} rows in {answer.plan.parts.toLocaleString()} parts.
          </div>
          <pre className={style.sql}>{answer.plan.sql}</pre>
          <pre className={style.sql}>{parameters(answer.plan)}</pre>
        </>
      )}
    </div>
  );
}

const parameters = ({ parameters }: Plan) =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join('\n');

const styles = (theme: GrafanaTheme2) => ({
  sql: css({ whiteSpace: 'pre-wrap', maxHeight: 240, overflow: 'auto', fontSize: theme.typography.bodySmall.fontSize }),
  cost: css({ color: theme.colors.text.secondary, margin: theme.spacing(0.5, 0) }),
  error: css({ color: theme.colors.error.text, margin: theme.spacing(0.5, 0) }),
});
