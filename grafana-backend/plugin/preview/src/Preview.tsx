import { css } from '@emotion/css';
import { GrafanaTheme2, rangeUtil } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect, useMemo, useState } from 'react';

import { Dashboard } from './dashboard/Dashboard';
import { AnnotationPage } from './pages/AnnotationPage';
import { ConfigPage } from './pages/ConfigPage';
import { ExplorePage } from './pages/ExplorePage';
import { StartPage } from './pages/StartPage';
import { VariablePage } from './pages/VariablePage';
import { Plugins } from './plugins';

interface PreviewProps {
  plugins: Plugins;
  asked: URLSearchParams;
}

/** Pages other than dashboards, by their name in the URL. */
const PAGES: Record<string, string> = {
  explore: 'explore',
  variable: 'variable',
  annotation: 'annotation',
  config: 'data source',
  start: 'get started',
};

/** `?dashboard=<name>`, or one of the pages; defaults to the overview. */
export function Preview({ plugins, asked }: PreviewProps) {
  const style = useStyles2(styles);
  const name = asked.get('dashboard') ?? 'overview';
  const isPage = Object.keys(PAGES).some((page) => asked.has(page));
  const range = useMemo(
    () => rangeUtil.convertRawToRange({ from: asked.get('from') ?? 'now-90d', to: asked.get('to') ?? 'now' }),
    [asked]
  );
  return (
    <div className={style.page}>
      <Navigation asked={asked} here={isPage ? '' : name} />
      <main className={style.main}>
        {asked.has('config') && <ConfigPage plugins={plugins} />}
        {asked.has('explore') && <ExplorePage plugins={plugins} asked={asked} range={range} />}
        {asked.has('start') && <StartPage plugins={plugins} />}
        {asked.has('variable') && <VariablePage plugins={plugins} />}
        {asked.has('annotation') && <AnnotationPage plugins={plugins} range={range} />}
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
      {Object.entries(PAGES).map(([page, title]) => (
        <a key={page} href={to({ [page]: '' })}>
          {title}
        </a>
      ))}
      <span className={style.note}>This is a preview; use the dashboards in Grafana.</span>
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
