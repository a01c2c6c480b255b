import { expect, test } from '@grafana/plugin-e2e';

test('a rule on sessions is evaluated', async ({ alertRuleEditPage, readProvisionedDataSource }) => {
  const source = await readProvisionedDataSource({ fileName: 'footfall.yaml' });
  const row = alertRuleEditPage.getAlertRuleQueryRow('A');
  await row.datasource.set(source.name);
  await expect(alertRuleEditPage.evaluate()).toBeOK();
});
