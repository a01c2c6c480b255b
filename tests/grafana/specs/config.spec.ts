import { expect, test } from '@grafana/plugin-e2e';

const file = { fileName: 'footfall.yaml' };

test('the settings have the sections of Grafana’s data sources', async ({
  createDataSourceConfigPage,
  readProvisionedDataSource,
  page,
}) => {
  const source = await readProvisionedDataSource(file);
  await createDataSourceConfigPage({ type: source.type });
  for (const section of ['Connection', 'TLS', 'HTTP headers', 'Queries', 'Limits']) {
    await expect(page.getByRole('region', { name: section, exact: true })).toBeVisible();
  }
});

test('Save & test succeeds with the provisioned data source', async ({
  gotoDataSourceConfigPage,
  readProvisionedDataSource,
}) => {
  const source = await readProvisionedDataSource(file);
  const config = await gotoDataSourceConfigPage(source.uid);
  await expect(config.saveAndTest()).toBeOK();
});

test('Save & test says why it fails', async ({ createDataSourceConfigPage, readProvisionedDataSource, page }) => {
  const source = await readProvisionedDataSource(file);
  const config = await createDataSourceConfigPage({ type: source.type });
  await page.getByLabel('URL', { exact: true }).fill('http://127.0.0.1:1');
  await expect(config.saveAndTest()).not.toBeOK();
  await expect(config).toHaveAlert('error', { hasText: 'ClickHouse does not answer' });
});
