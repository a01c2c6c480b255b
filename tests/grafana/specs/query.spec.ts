import { expect, test } from '@grafana/plugin-e2e';

const file = { fileName: 'footfall.yaml' };

test('a new panel shows sessions and visitors, by their names', async ({ panelEditPage, readProvisionedDataSource }) => {
  const source = await readProvisionedDataSource(file);
  await panelEditPage.datasource.set(source.name);
  await panelEditPage.setVisualization('Table');
  await expect(panelEditPage.refreshPanel()).toBeOK();
  await expect(panelEditPage.panel.fieldNames).toContainText(['Time', 'Sessions', 'Visitors']);
});

test('a filter that is only begun does not break the panel', async ({ panelEditPage, readProvisionedDataSource }) => {
  const source = await readProvisionedDataSource(file);
  await panelEditPage.datasource.set(source.name);
  await panelEditPage.setVisualization('Table');
  await panelEditPage.getQueryEditorRow('A').getByRole('button', { name: 'Filter', exact: true }).click();
  await expect(panelEditPage.refreshPanel()).toBeOK();
  await expect(panelEditPage.panel.getErrorIcon()).toBeHidden();
});

test('SQL runs with the dashboard’s macros', async ({ panelEditPage, readProvisionedDataSource, page }) => {
  const source = await readProvisionedDataSource(file);
  await panelEditPage.datasource.set(source.name);
  await panelEditPage.setVisualization('Table');
  const row = panelEditPage.getQueryEditorRow('A');
  await row.getByRole('combobox', { name: 'Query type' }).click();
  await page.getByRole('option', { name: 'SQL' }).click();
  await row.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(panelEditPage.panel.fieldNames).toContainText(['time', 'events']);
});

test('Explore asks the same editor', async ({ explorePage, readProvisionedDataSource }) => {
  const source = await readProvisionedDataSource(file);
  await explorePage.datasource.set(source.name);
  await expect(explorePage.runQuery()).toBeOK();
});
