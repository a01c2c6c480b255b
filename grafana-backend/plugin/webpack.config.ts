import path from 'path';
import type { Configuration } from 'webpack';

import grafanaConfig, { type Env } from './.config/webpack/webpack.config.ts';

/** Grafana's own build. Beside the datasource it makes the panels under src/panels, each a plugin of its own. */
const config = async (env: Env): Promise<Configuration> => ({
  ...(await grafanaConfig(env)),
  cache: { type: 'filesystem', buildDependencies: { config: [path.resolve(process.cwd(), 'webpack.config.ts')] } },
});

export default config;
