import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { Tooltip, useStyles2 } from '@grafana/ui';
import React from 'react';

import { readableDuration } from '../../duration';
import { FunnelView } from './view';
import { Legend } from './Legend';
import { BarText, percent } from './text';

/** One row per step, for narrow panels and many steps. */
export function Rows({ steps, values, colors, width, height, showTimes, count, onOpen }: FunnelView) {
  const style = useStyles2(styles);
  return (
    <div className={style.panel} style={{ width, height }} role="list" aria-label="Funnel">
      {values.length > 1 && <Legend values={values} colors={colors} />}
      {steps.map((step) => (
        <div
          key={step.number}
          className={values.length > 1 ? style.split : style.row}
          role="listitem"
          aria-label={`${step.number} ${step.name}`}
        >
          <div className={style.name} title={step.name}>
            {step.name}
          </div>
          <div className={style.bars}>
            {step.bars.map((bar) => (
              <Tooltip key={bar.value} content={<BarText step={step} bar={bar} count={count} />} placement="top">
                <div className={style.line}>
                  <button
                    type="button"
                    className={style.track}
                    disabled={!onOpen}
                    aria-label={`${step.name} ${bar.value}: ${count(bar.count)}, ${percent(bar.rate)}. Show who completed it`}
                    onClick={() => onOpen?.(step, 'converted')}
                  >
                    <div
                      style={{
                        width: `${bar.rate * 100}%`,
                        height: '100%',
                        background: colors[values.indexOf(bar.value) % colors.length],
                      }}
                    />
                  </button>
                  {values.length > 1 && (
                    <span className={style.share}>
                      <strong>{percent(bar.rate)}</strong> {count(bar.count)}
                    </span>
                  )}
                </div>
              </Tooltip>
            ))}
          </div>
          {values.length === 1 && step.bars[0] && (
            <div className={style.numbers}>
              <strong>{percent(step.bars[0].rate)}</strong> {count(step.bars[0].count)}
              {showTimes && step.number > 1 && step.bars[0].medianS !== undefined && (
                <span> · {readableDuration(step.bars[0].medianS)}</span>
              )}
            </div>
          )}
        </div>
      ))}
    </div>
  );
}

const styles = (theme: GrafanaTheme2) => ({
  panel: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(0.5), overflow: 'auto' }),
  row: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), flex: 1, minHeight: 22, maxHeight: 56 }),
  // As high as its bars and their numbers need; the panel scrolls.
  split: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), flex: 1, minHeight: 'min-content' }),
  line: css({ flex: 1, display: 'flex', alignItems: 'center', gap: theme.spacing(1), minHeight: 12 }),
  share: css({
    width: 96,
    whiteSpace: 'nowrap',
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: 1,
    '& strong': { color: theme.colors.text.primary },
  }),
  name: css({ width: '22%', overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', textAlign: 'right' }),
  bars: css({ flex: 1, display: 'flex', flexDirection: 'column', gap: 1, height: '100%' }),
  track: css({
    flex: 1,
    height: '100%',
    minHeight: 9,
    border: 0,
    padding: 0,
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
    overflow: 'hidden',
    textAlign: 'left',
  }),
  numbers: css({
    width: 150,
    whiteSpace: 'nowrap',
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    '& strong': { color: theme.colors.text.primary },
  }),
});
