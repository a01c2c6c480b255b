import { AppPlugin } from '@grafana/data';

import { AppConfig } from './AppConfig';
import { AppSettings } from './settings';
import { StartPage } from './StartPage';

export const plugin = new AppPlugin<AppSettings>().setRootPage(StartPage).addConfigPage({
  title: 'Get started',
  icon: 'rocket',
  id: 'get-started',
  body: AppConfig,
});
