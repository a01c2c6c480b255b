import { css } from '@emotion/css';
import { AdHocVariableFilter, dateMath, GrafanaTheme2, rangeUtil, TimeRange } from '@grafana/data';
import { Combobox, Input, TimeRangePicker, useStyles2 } from '@grafana/ui';
import { useEffect, useMemo, useState } from 'react';

import { templates } from '../grafana/templates';
import { Plugins } from '../plugins';
import { AdHocFilters } from './AdHocFilters';
import { DashboardModel, VariableModel } from './model';
import { PanelView } from './PanelView';

const ROW_PX = 30;
const GAP_PX = 8;
const COLUMNS = 24;

interface DashboardProps {
  name: string;
  plugins: Plugins;
  asked: URLSearchParams;
}

/** Loads the JSON, resolves its variables, and lays out its panels like Grafana. */
export function Dashboard({ name, plugins, asked }: DashboardProps) {
  const style = useStyles2(styles);
  const [dashboard, setDashboard] = useState<DashboardModel>();
  const [range, setRange] = useState<TimeRange>();
  const [variables, setVariables] = useState<Record<string, string | string[]>>({});
  const [filters, setFilters] = useState<AdHocVariableFilter[]>([]);
  useEffect(() => {
    fetch(`/dashboards/${name}.json`)
      .then((answer) => answer.json())
      .then((model: DashboardModel) => {
        const first: Record<string, string | string[]> = {};
        for (const variable of model.templating.list) {
          first[variable.name] = asked.get(`var-${variable.name}`) ?? startingValue(variable);
        }
        setVariables(first);
        setRange(
          rangeUtil.convertRawToRange({
            from: asked.get('from') ?? model.time.from,
            to: asked.get('to') ?? model.time.to,
          })
        );
        setDashboard(model);
      });
  }, [name, asked]);
  Object.entries(variables).forEach(([name, value]) => {
    const options = dashboard?.templating.list.find((variable) => variable.name === name)?.options;
    templates.set(name, value, options?.find((option) => option.value === value)?.text?.toLowerCase());
  });
  const width = useWidth();
  const bottom = useMemo(
    () => Math.max(0, ...(dashboard?.panels ?? []).map(({ gridPos }) => gridPos.y + gridPos.h)),
    [dashboard]
  );
  if (!dashboard || !range) {
    return null;
  }
  const column = (width - 32 + GAP_PX) / COLUMNS;
  return (
    <>
      <header className={style.header}>
        <h1>{dashboard.title}</h1>
        <Variables
          list={dashboard.templating.list}
          values={variables}
          plugins={plugins}
          onChange={(name, value) => setVariables({ ...variables, [name]: value })}
        />
        {dashboard.templating.list.some(({ type }) => type === 'adhoc') && (
          <AdHocFilters filters={filters} plugins={plugins} onChange={setFilters} />
        )}
        <TimeRangePicker
          value={range}
          onChange={(changed) => setRange({ ...changed, from: changed.from, to: changed.to })}
          onChangeTimeZone={() => {}}
          onMoveBackward={() => setRange(moved(range, -1))}
          onMoveForward={() => setRange(moved(range, 1))}
          onZoom={() => {}}
        />
      </header>
      <div style={{ position: 'relative', height: bottom * (ROW_PX + GAP_PX) }}>
        {dashboard.panels.map((panel) => {
          const { x, y, w, h } = panel.gridPos;
          const box = {
            left: x * column,
            top: y * (ROW_PX + GAP_PX),
            width: w * column - GAP_PX,
            height: h * (ROW_PX + GAP_PX) - GAP_PX,
          };
          return (
            <div
              key={panel.id}
              style={{ position: 'absolute', ...box }}
              data-testid={`dashboard-panel-${panel.id}`}
              data-type={panel.type}
            >
              <PanelView
                panel={panel}
                plugins={plugins}
                range={range}
                width={box.width}
                height={box.height}
                filters={filters}
                key={JSON.stringify([variables, filters, range.raw])}
              />
            </div>
          );
        })}
      </div>
    </>
  );
}

function Variables({ list, values, plugins, onChange }: VariablesProps) {
  return (
    <>
      {list
        .filter(({ type, hide }) => type !== 'datasource' && type !== 'adhoc' && !hide)
        .map((variable) => (
          <label key={variable.name}>
            {variable.label ?? variable.name}{' '}
            {variable.type === 'textbox' ? (
              <Input
                width={24}
                defaultValue={String(values[variable.name] ?? '')}
                onBlur={(event) => onChange(variable.name, event.currentTarget.value)}
              />
            ) : (
              <Combobox
                width={20}
                value={shown(variable, String(values[variable.name] ?? ''))}
                options={() => options(variable, plugins)}
                onChange={({ value }) => onChange(variable.name, value)}
              />
            )}
          </label>
        ))}
    </>
  );
}

interface VariablesProps {
  list: VariableModel[];
  values: Record<string, string | string[]>;
  plugins: Plugins;
  onChange: (name: string, value: string) => void;
}

async function options(variable: VariableModel, { datasource }: Plugins) {
  const named = (names: string[]) => names.map((value) => ({ value, label: value }));
  if (variable.type !== 'query') {
    return (variable.options ?? []).map(({ value, text }) => ({ value, label: text ?? value }));
  }
  const query = typeof variable.query === 'object' ? variable.query : {};
  const backend = datasource as unknown as { getResource<T = string[]>(path: string): Promise<T> };
  if (query.kind === 'cohorts') {
    const cohorts = await backend.getResource<Array<{ name: string }>>('cohorts');
    return named(cohorts.map(({ name }) => name));
  }
  const path = { events: 'events', dimensions: 'dimensions' }[query.kind ?? ''] ?? 'projects';
  return named(await backend.getResource(path));
}

/** Shows an option's text if it has one. */
function shown({ options = [] }: VariableModel, value: string) {
  return { value, label: options.find((option) => option.value === value)?.text ?? value };
}

function startingValue(variable: VariableModel): string | string[] {
  if (variable.name === 'project') {
    return templates.project();
  }
  return variable.current?.value ?? (typeof variable.query === 'string' ? variable.query : '');
}

function moved(range: TimeRange, by: number): TimeRange {
  const length = range.to.valueOf() - range.from.valueOf();
  const [from, to] = [range.from, range.to].map((at) =>
    dateMath.toDateTime(new Date(at.valueOf() + by * length).toISOString(), {})!
  );
  return { from, to, raw: { from, to } };
}

function useWidth(): number {
  const [width, setWidth] = useState(document.documentElement.clientWidth);
  useEffect(() => {
    const changed = () => setWidth(document.documentElement.clientWidth);
    window.addEventListener('resize', changed);
    return () => window.removeEventListener('resize', changed);
  }, []);
  return width;
}

const styles = (theme: GrafanaTheme2) => ({
  header: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(2),
    alignItems: 'center',
    marginBottom: theme.spacing(2),
    '& h1': { fontSize: theme.typography.h3.fontSize, margin: 0, marginRight: 'auto' },
  }),
});
