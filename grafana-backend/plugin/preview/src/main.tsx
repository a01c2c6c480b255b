import {
  AppPlugin,
  createTheme,
  DataSourceApi,
  DataSourcePlugin,
  monacoLanguageRegistry,
  PanelPlugin,
  setTimeZoneResolver,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  TransformerRegistryItem,
} from '@grafana/data';
import { config } from '@grafana/runtime';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { createRoot } from 'react-dom/client';

import { instanceSettings, provideServices, TYPE } from './grafana/services';
import { loadPlugin, shareLibraries } from './grafana/shared';
import { templates } from './grafana/templates';
import { Plugins } from './plugins';
import { Preview } from './Preview';

/** Shares libraries → provides services → loads the plugins like Grafana → renders. */
async function main() {
  const asked = new URLSearchParams(window.location.search);
  const theme = createTheme({ colors: { mode: asked.get('theme') === 'light' ? 'light' : 'dark' } });
  config.theme2 = theme;
  config.bootData = window.grafanaBootData as typeof config.bootData;
  setTimeZoneResolver(() => 'browser');
  standardTransformersRegistry.setInit(transformers);
  monacoLanguageRegistry.setInit(() => []);
  // The preview edits no options, but needs their defaults, which requires every kind of editor to be registered.
  standardEditorsRegistry.setInit(() => OPTION_EDITORS.map((id) => ({ id, name: id, editor: () => null })));
  standardFieldConfigEditorRegistry.setInit(() => []);
  templates.set('project', asked.get('var-project') ?? 'website');
  shareLibraries();
  let datasource: DataSourceApi | undefined;
  provideServices(() => datasource!);
  const [source, funnel, retention, paths, app] = await Promise.all([
    loadPlugin<DataSourcePlugin<DataSourceApi>>(TYPE),
    loadPlugin<PanelPlugin>('footfall-funnel-panel'),
    loadPlugin<PanelPlugin>('footfall-retention-panel'),
    loadPlugin<PanelPlugin>('footfall-paths-panel'),
    loadPlugin<AppPlugin>('footfall-analytics-app'),
  ]);
  datasource = new source.DataSourceClass(instanceSettings());
  // Grafana tells a data source its own metadata.
  datasource.meta = instanceSettings().meta;
  const plugins: Plugins = {
    source,
    datasource,
    app,
    panels: { 'footfall-funnel-panel': funnel, 'footfall-retention-panel': retention, 'footfall-paths-panel': paths },
  };
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Preview plugins={plugins} asked={asked} />
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

main().catch((error) => {
  document.body.textContent = `The preview cannot start: ${error?.stack ?? error}`;
});

/** Each kind once: some also have an older name. */
function transformers(): TransformerRegistryItem[] {
  const byId = new Map(
    Object.values(standardTransformers).map((transformation) => [transformation.id, transformation])
  );
  return [...byId].map(
    ([id, transformation]) =>
      ({
        id,
        name: transformation.name,
        transformation: () => Promise.resolve(transformation),
        editor: () => null,
        imageDark: '',
        imageLight: '',
      }) as unknown as TransformerRegistryItem
  );
}

const OPTION_EDITORS = [
  'number',
  'text',
  'boolean',
  'select',
  'radio',
  'slider',
  'multi-select',
  'color',
  'unit',
  'strings',
];

declare global {
  interface Window {
    grafanaBootData?: unknown;
  }
}
