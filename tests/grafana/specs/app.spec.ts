import { expect, test } from '@grafana/plugin-e2e';

test('the app leads from connecting to the dashboards', async ({ gotoAppPage, page }) => {
  await gotoAppPage({ pluginId: 'footfall-analytics-app' });
  for (const step of ['Connect to ClickHouse', 'Send the first event', 'See it arrive', 'Import the dashboards']) {
    await expect(page.getByRole('region', { name: step })).toBeVisible();
  }
  await expect(page.getByText('Connected', { exact: true })).toBeVisible();
  await page.getByRole('tab', { name: 'PostHog' }).click();
  await expect(page.getByLabel('Snippet for PostHog')).toContainText('posthog.init(');
});
