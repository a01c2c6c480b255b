import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { Tooltip, useStyles2 } from '@grafana/ui';
import React from 'react';

import { FunnelView } from './view';
import { Legend } from './Legend';
import { BarText, percent } from './text';
import { readableDuration } from '../../duration';
import { Step } from './read';

/** One column per step, with drop-off hatched above it and the conversion from the previous step in the gap. */
export function Columns({ steps, values, colors, width, height, showTimes, count, onOpen }: FunnelView) {
  const style = useStyles2(styles);
  const isNarrow = width / steps.length < 120;
  // With a breakdown, each bar shows its own share if there is room.
  const hasShares = values.length > 1 && width / (steps.length * values.length) >= 48;
  return (
    <div className={style.panel} style={{ width, height }}>
      {values.length > 1 && <Legend values={values} colors={colors} />}
      <div className={style.columns} role="list" aria-label="Funnel">
        {steps.map((step) => (
          <div key={step.number} className={style.column} role="listitem" aria-label={`${step.number} ${step.name}`}>
            <Head step={step} isSplit={values.length > 1} isNarrow={isNarrow} count={count} />
            <div className={style.bars}>
              {step.bars.map((bar) => (
                <Tooltip key={bar.value} content={<BarText step={step} bar={bar} count={count} />} placement="top">
                  <div className={style.track}>
                    {hasShares && <span className={style.share}>{percent(bar.rate)}</span>}
                    <button
                      type="button"
                      className={style.lost}
                      style={{ height: `${100 - bar.rate * 100}%` }}
                      disabled={!onOpen || step.number === 1}
                      aria-label={`Show who dropped off before ${step.name}`}
                      onClick={() => onOpen?.(step, 'dropped')}
                    />
                    <button
                      type="button"
                      className={style.bar}
                      style={{
                        height: `${bar.rate * 100}%`,
                        background: colors[values.indexOf(bar.value) % colors.length],
                      }}
                      disabled={!onOpen}
                      aria-label={`${step.name} ${bar.value}: ${count(bar.count)}, ${percent(bar.rate)}. Show who completed it`}
                      onClick={() => onOpen?.(step, 'converted')}
                    />
                  </div>
                </Tooltip>
              ))}
            </div>
            <Foot step={step} isSplit={values.length > 1} showTimes={showTimes} count={count} />
          </div>
        ))}
      </div>
    </div>
  );
}

type Counted = { step: Step; isSplit: boolean; count: FunnelView['count'] };

function Head({ step, isSplit, isNarrow, count }: Counted & { isNarrow: boolean }) {
  const style = useStyles2(styles);
  const [bar] = step.bars;
  return (
    <div className={style.head}>
      <div className={style.name} title={step.name}>
        <span className={style.number}>{step.number}</span> {step.name}
      </div>
      {!isSplit && bar && (
        <div className={style.counts}>
          <strong className={isNarrow ? style.small : undefined}>{percent(bar.rate)}</strong>
          {!isNarrow && <span>{count(bar.count)}</span>}
        </div>
      )}
    </div>
  );
}

function Foot({ step, isSplit, showTimes, count }: Counted & { showTimes: boolean }) {
  const style = useStyles2(styles);
  const [bar] = step.bars;
  if (isSplit || !bar) {
    return null;
  }
  return (
    <div className={style.foot}>
      <span>{bar.dropOff !== undefined && step.number > 1 ? `−${count(bar.dropOff)} left` : count(bar.count)}</span>
      {showTimes && (
        <span>
          {bar.medianS !== undefined && step.number > 1 ? `median ${readableDuration(bar.medianS)}` : '\u00a0'}
        </span>
      )}
    </div>
  );
}

const styles = (theme: GrafanaTheme2) => ({
  panel: css({ display: 'flex', flexDirection: 'column' }),
  columns: css({ display: 'flex', flex: 1, gap: theme.spacing(1), minHeight: 0 }),
  column: css({ flex: 1, display: 'flex', flexDirection: 'column', minWidth: 0 }),
  head: css({ marginBottom: theme.spacing(0.5) }),
  name: css({
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    fontWeight: theme.typography.fontWeightMedium,
  }),
  number: css({ color: theme.colors.text.secondary }),
  counts: css({
    display: 'flex',
    gap: theme.spacing(1),
    alignItems: 'baseline',
    '& strong': { fontSize: theme.typography.h4.fontSize, whiteSpace: 'nowrap' },
  }),
  // More specific than the size in wide columns.
  small: css({ '&&': { fontSize: theme.typography.body.fontSize } }),
  bars: css({ flex: 1, display: 'flex', gap: 2, minHeight: 0 }),
  track: css({
    flex: 1,
    display: 'flex',
    flexDirection: 'column',
    height: '100%',
    minWidth: 2,
    // Heights are relative to the space below the share's label.
    '& > button': { flexShrink: 1, minHeight: 0 },
  }),
  share: css({
    flexShrink: 0,
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    textAlign: 'center',
    whiteSpace: 'nowrap',
  }),
  lost: css({
    border: 0,
    padding: 0,
    borderRadius: `${theme.shape.radius.default} ${theme.shape.radius.default} 0 0`,
    background: `repeating-linear-gradient(135deg, ${theme.colors.background.secondary} 0 4px, ${theme.colors.border.weak} 4px 6px)`,
    '&:enabled:hover': { filter: 'brightness(1.2)' },
  }),
  bar: css({
    border: 0,
    padding: 0,
    borderRadius: `0 0 ${theme.shape.radius.default} ${theme.shape.radius.default}`,
    '&:enabled:hover': { filter: 'brightness(1.15)' },
  }),
  foot: css({
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: theme.spacing(1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    marginTop: theme.spacing(0.5),
  }),
});
