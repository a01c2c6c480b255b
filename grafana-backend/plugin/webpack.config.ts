import CopyWebpackPlugin from 'copy-webpack-plugin';
import path from 'path';
import type { Configuration } from 'webpack';

import grafanaConfig, { type Env } from './.config/webpack/webpack.config.ts';
import { ThirdPartyLicenses } from './licenses.ts';

const DASHBOARDS = path.resolve(process.cwd(), '../../dashboards');

/**
 * Grafana's own build. It builds the data source, the panels under src/panels and the app under src/app, each a separate
 * plugin; the data source brings the dashboards along.
 */
const config = async (env: Env): Promise<Configuration> => {
  const base = await grafanaConfig(env);
  const copied = [
    { from: '{app,panels/*}/{README.md,img/*}', to: '.' },
    { from: '*.json', context: DASHBOARDS, to: 'dashboards' },
  ];
  return {
    ...base,
    cache: { type: 'filesystem', buildDependencies: { config: [path.resolve(process.cwd(), 'webpack.config.ts')] } },
    plugins: [...(base.plugins ?? []), new CopyWebpackPlugin({ patterns: copied }), new ThirdPartyLicenses()],
  };
};

export default config;
