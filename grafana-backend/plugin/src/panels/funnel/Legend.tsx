import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

/** A breakdown's values and their colours. */
export function Legend({ values, colors }: { values: string[]; colors: string[] }) {
  const style = useStyles2(styles);
  return (
    <div className={style.legend}>
      {values.map((value, at) => (
        <span key={value}>
          <i className={style.mark} style={{ background: colors[at % colors.length] }} />
          {value || '(none)'}
        </span>
      ))}
    </div>
  );
}

const styles = (theme: GrafanaTheme2) => ({
  legend: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1.5),
    fontSize: theme.typography.bodySmall.fontSize,
    marginBottom: theme.spacing(0.5),
  }),
  mark: css({
    display: 'inline-block',
    width: 12,
    height: 4,
    borderRadius: 2,
    marginRight: theme.spacing(0.5),
    verticalAlign: 'middle',
  }),
});
