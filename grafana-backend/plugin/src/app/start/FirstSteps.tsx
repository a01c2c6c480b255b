import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import React, { ReactNode, useState } from 'react';

import { AppSettings, keep } from '../settings';
import { Arrivals } from './Arrivals';
import { Connect } from './Connect';
import { Dashboards } from './Dashboards';
import { SendEvent } from './SendEvent';

/** Connect → send the first event → see it arrive → import the dashboards. */
export function FirstSteps({ settings: given }: { settings: AppSettings }) {
  const [settings, setSettings] = useState(given);
  const [done, setDone] = useState<Record<string, boolean>>({});
  const change = (changed: AppSettings) => {
    const next = { ...settings, ...changed };
    setSettings(next);
    // An editor who is no administrator takes the steps too; they are only not remembered.
    keep(next).catch(() => {});
  };
  const finish = (step: string) => (isDone: boolean) => setDone((before) => ({ ...before, [step]: isDone }));
  return (
    <div>
      <Step number={1} title="Connect to ClickHouse" isDone={done.connect}>
        <Connect settings={settings} onChange={change} onDone={finish('connect')} />
      </Step>
      <Step number={2} title="Send the first event" isDone={done.arrive}>
        <SendEvent settings={settings} onChange={change} />
      </Step>
      <Step number={3} title="See it arrive" isDone={done.arrive}>
        <Arrivals settings={settings} onDone={finish('arrive')} />
      </Step>
      <Step number={4} title="Import the dashboards" isDone={done.import}>
        <Dashboards settings={settings} onDone={finish('import')} />
      </Step>
    </div>
  );
}

function Step({ number, title, isDone, children }: StepProps) {
  const style = useStyles2(styles);
  return (
    <section className={style.step} aria-label={title}>
      <h3 className={style.title}>
        <span className={style.number}>{isDone ? <Icon name="check" title="Done" /> : number}</span>
        {title}
      </h3>
      {children}
    </section>
  );
}

interface StepProps {
  number: number;
  title: string;
  isDone?: boolean;
  children: ReactNode;
}

const styles = (theme: GrafanaTheme2) => ({
  step: css({
    maxWidth: 960,
    padding: theme.spacing(2),
    marginBottom: theme.spacing(2),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  title: css({ display: 'flex', gap: theme.spacing(1), alignItems: 'center' }),
  number: css({
    display: 'inline-flex',
    alignItems: 'center',
    justifyContent: 'center',
    width: theme.spacing(3),
    height: theme.spacing(3),
    borderRadius: '50%',
    background: theme.colors.background.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
