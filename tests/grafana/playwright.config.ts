import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig, devices } from '@playwright/test';

const here = dirname(fileURLToPath(import.meta.url));
const pluginE2eAuth = join(dirname(fileURLToPath(import.meta.resolve('@grafana/plugin-e2e'))), 'auth');
const { GRAFANA_URL: baseURL, GRAFANA_USER: user = 'admin', GRAFANA_PASSWORD: password = 'admin', CHROMIUM } = process.env;

/** Against a Grafana that runs with Footfall's plugins and provisioning, and with data: docs/develop.md. */
export default defineConfig<PluginOptions>({
  testDir: './specs',
  fullyParallel: false,
  workers: 1,
  forbidOnly: true,
  reporter: 'list',
  outputDir: join(here, '../../target/grafana-e2e'),
  use: {
    baseURL,
    provisioningRootDir: join(here, '../../provisioning/grafana'),
    user: { user, password, role: 'Admin' },
    trace: 'retain-on-failure',
    launchOptions: CHROMIUM ? { executablePath: CHROMIUM } : {},
  },
  projects: [
    { name: 'auth', testDir: pluginE2eAuth, testMatch: [/.*\.js/] },
    {
      name: 'chromium',
      use: { ...devices['Desktop Chrome'], storageState: `playwright/.auth/${user}.json` },
      dependencies: ['auth'],
    },
  ],
});
