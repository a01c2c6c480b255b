import { css } from '@emotion/css';
import { DataSourceApi, DataSourcePlugin, GrafanaTheme2, PanelPlugin } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';

import { Dashboard } from './dashboard/Dashboard';
import { ConfigPage } from './pages/ConfigPage';
import { ExplorePage } from './pages/ExplorePage';

export interface Plugins {
  source: DataSourcePlugin<DataSourceApi>;
  datasource: DataSourceApi;
  panels: Record<string, PanelPlugin>;
}

interface PreviewProps {
  plugins: Plugins;
  asked: URLSearchParams;
}

/** `?dashboard=<name>`, `?explore` or `?config`; the overview if nothing is asked for. */
export function Preview({ plugins, asked }: PreviewProps) {
  const style = useStyles2(styles);
  const name = asked.get('dashboard') ?? 'overview';
  const isPage = asked.has('explore') || asked.has('config');
  return (
    <div className={style.page}>
      <Navigation asked={asked} here={isPage ? '' : name} />
      <main className={style.main}>
        {asked.has('config') && <ConfigPage plugins={plugins} />}
        {asked.has('explore') && <ExplorePage plugins={plugins} asked={asked} />}
        {!isPage && <Dashboard key={name} name={name} plugins={plugins} asked={asked} />}
      </main>
    </div>
  );
}

function Navigation({ asked, here }: { asked: URLSearchParams; here: string }) {
  const style = useStyles2(styles);
  const [names, setNames] = useState<string[]>([]);
  useEffect(() => {
    fetch('/api/dashboards')
      .then((answer) => answer.json())
      .then(setNames, () => setNames([]));
  }, []);
  const to = (page: Record<string, string>) =>
    `?${new URLSearchParams({ ...page, ...(asked.get('theme') ? { theme: asked.get('theme')! } : {}) })}`;
  return (
    <nav className={style.nav}>
      <strong>Footfall</strong>
      {names.map((name) => (
        <a key={name} href={to({ dashboard: name })} aria-current={name === here ? 'page' : undefined}>
          {name.replaceAll('-', ' ')}
        </a>
      ))}
      <a href={to({ explore: '' })}>explore</a>
      <a href={to({ config: '' })}>data source</a>
      <span className={style.note}>Preview. Grafana is the home of these dashboards.</span>
    </nav>
  );
}

const styles = (theme: GrafanaTheme2) => ({
  page: css({ minHeight: '100vh', background: theme.colors.background.canvas, color: theme.colors.text.primary }),
  nav: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(2),
    alignItems: 'baseline',
    padding: theme.spacing(1, 2),
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '& a': { color: theme.colors.text.secondary, textTransform: 'capitalize' },
    '& a[aria-current]': { color: theme.colors.text.primary, borderBottom: `2px solid ${theme.colors.primary.main}` },
  }),
  note: css({ marginLeft: 'auto', fontSize: theme.typography.bodySmall.fontSize, color: theme.colors.warning.text }),
  main: css({ padding: theme.spacing(2) }),
});
