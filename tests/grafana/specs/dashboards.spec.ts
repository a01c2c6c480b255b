import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@grafana/plugin-e2e';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../../dashboards');

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const { uid, title } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  test(`${title} has no panel in error`, async ({ gotoDashboardPage, page }) => {
    await gotoDashboardPage({ uid });
    await expect(page.getByText(title, { exact: true }).first()).toBeVisible();
    await page.waitForLoadState('networkidle');
    await expect(page.getByTestId(/^data-testid Panel status error/)).toHaveCount(0);
  });
}
