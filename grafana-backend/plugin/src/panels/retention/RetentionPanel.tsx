import { css } from '@emotion/css';
import { colorManipulator, dateTimeFormat, GrafanaTheme2, PanelProps } from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import { useStyles2, useTheme2 } from '@grafana/ui';
import React from 'react';

import { counted } from '../counts';
import { averages, Cell, Cohort, highestReturn, readRetention } from './read';
import { RetentionOptions } from './types';

/** One row per cohort, one column per period; the more people return, the stronger the colour. */
export function RetentionPanel(props: PanelProps<RetentionOptions>) {
  const { data, width, height, options, timeZone } = props;
  const style = useStyles2(styles);
  const retention = data.series.map(readRetention).find(Boolean);
  if (!retention) {
    return <PanelDataErrorView panelId={props.id} fieldConfig={props.fieldConfig} data={data} needsNumberField />;
  }
  const { cohorts, periods, isTime } = retention;
  const columns = Array.from({ length: periods }, (_, period) => period);
  const most = highestReturn(cohorts);
  const count = counted(retention.count);
  const start = (cohort: Cohort) =>
    isTime ? dateTimeFormat(cohort.start as number, { format: 'YYYY-MM-DD', timeZone }) : String(cohort.start);
  return (
    // It scrolls, so it must be focusable.
    <div style={{ width, height, overflow: 'auto' }} role="region" aria-label="Retention" tabIndex={0}>
      <table className={style.grid} aria-label="Retention">
        <thead>
          <tr>
            <th scope="col">Cohort</th>
            <th scope="col">Size</th>
            {columns.map((period) => (
              <th scope="col" key={period}>
                {period}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {options.showAverage && (
            <tr className={style.average}>
              <th scope="row">Average</th>
              <td />
              {averages(cohorts, periods).map((rate, period) => (
                <GridCell key={period} rate={rate} most={most} text={rate === undefined ? '' : percent(rate)} />
              ))}
            </tr>
          )}
          {cohorts.map((cohort) => (
            <tr key={String(cohort.start)}>
              <th scope="row">{start(cohort)}</th>
              <td>{count(cohort.size)}</td>
              {columns.map((period) => {
                const cell = cohort.cells[period];
                return (
                  <GridCell
                    key={period}
                    rate={cell?.rate}
                    most={most}
                    isOpen={cell && !cell.isComplete}
                    text={text(cell, options.shown, count)}
                    title={title(cohort, start(cohort), period)}
                  />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function GridCell({ rate, most, text, title, isOpen }: GridCellProps) {
  const theme = useTheme2();
  if (rate === undefined) {
    return <td>{text}</td>;
  }
  // Relative to the most that return, since nearly everybody is there in the first period; square root, so that small
  // shares remain distinguishable.
  const share = Math.sqrt(Math.min(1, Math.max(0, rate / most)));
  // Only as strong as keeps the text readable.
  const background = colorManipulator.alpha(theme.colors.primary.main, 0.08 + (theme.isDark ? 0.82 : 0.6) * share);
  return (
    <td
      title={title}
      style={{
        background,
        color: theme.colors.text.maxContrast,
        fontStyle: isOpen ? 'italic' : undefined,
        outline: isOpen ? `1px dashed ${theme.colors.border.strong}` : undefined,
      }}
    >
      {text}
    </td>
  );
}

interface GridCellProps {
  rate?: number;
  /** The highest share of those who return. */
  most: number;
  text: string;
  title?: string;
  isOpen?: boolean;
}

const percent = (rate: number) => `${(rate * 100).toFixed(rate < 0.0995 ? 1 : 0)}\u00a0%`;
const text = (cell: Cell | undefined, shown: RetentionOptions['shown'], count: (count: number) => string) =>
  !cell ? '' : shown === 'count' ? count(cell.count) : cell.rate === undefined ? '' : percent(cell.rate);
const title = (cohort: Cohort, start: string, period: number) => {
  const cell = cohort.cells[period];
  return (
    cell &&
    `${cell.count.toLocaleString('en')} of ${cohort.size.toLocaleString('en')} who started ${start}, ${period} later${cell.isComplete ? '' : ' (in progress)'}`
  );
};

const styles = (theme: GrafanaTheme2) => ({
  grid: css({
    width: '100%',
    borderCollapse: 'separate',
    borderSpacing: 2,
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
    '& th, & td': { padding: theme.spacing(0.25, 0.75), textAlign: 'right', whiteSpace: 'nowrap', borderRadius: 2 },
    '& th': { fontWeight: theme.typography.fontWeightRegular, color: theme.colors.text.secondary },
    '& thead th': { position: 'sticky', top: 0, background: theme.colors.background.primary },
  }),
  average: css({ '& td, & th': { fontWeight: theme.typography.fontWeightMedium } }),
});
