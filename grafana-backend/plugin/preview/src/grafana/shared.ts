import * as emotionCss from '@emotion/css';
import * as emotionReact from '@emotion/react';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import * as lodash from 'lodash';
import * as moment from 'moment';
import * as react from 'react';
import * as reactDom from 'react-dom';
import * as reactRedux from 'react-redux';
import * as jsxRuntime from 'react/jsx-runtime';
import * as redux from 'redux';
import * as rxjs from 'rxjs';

interface SystemJs {
  addImportMap(map: { imports: Record<string, string> }): void;
  set(id: string, module: object): void;
  import(url: string): Promise<{ plugin: unknown }>;
}
declare const System: SystemJs;

const SHARED: Record<string, object> = {
  '@emotion/css': emotionCss,
  '@emotion/react': emotionReact,
  '@grafana/data': grafanaData,
  '@grafana/runtime': grafanaRuntime,
  '@grafana/ui': grafanaUi,
  lodash,
  moment,
  react,
  'react-dom': reactDom,
  'react-redux': reactRedux,
  'react/jsx-runtime': jsxRuntime,
  redux,
  rxjs,
};

/** Shares Grafana's libraries with plugins the way Grafana does; plugins don't bundle them. */
export function shareLibraries() {
  System.addImportMap({ imports: Object.fromEntries(Object.keys(SHARED).map((name) => [name, `package:${name}`])) });
  for (const [name, module] of Object.entries(SHARED)) {
    System.set(`package:${name}`, {
      ...module,
      default: 'default' in module ? module.default : module,
      __useDefault: false,
    });
  }
}

/** Loads a plugin's built module.js the way Grafana does. */
export async function loadPlugin<T>(id: string): Promise<T> {
  const { plugin } = await System.import(`/public/plugins/${id}/module.js`);
  if (!plugin) {
    throw new Error(`${id} exports no plugin`);
  }
  return plugin as T;
}
