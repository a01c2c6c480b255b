import { AppPlugin, AppRootProps } from '@grafana/data';

import { Plugins } from '../plugins';

/** The app's page. What it keeps and imports goes to Grafana's API, which the preview has only in part. */
export function StartPage({ plugins }: { plugins: Plugins }) {
  const { root: Root, meta } = plugins.app as AppPlugin;
  const props = { meta: meta ?? {}, basename: '', path: '', query: {}, onNavChanged: () => {} };
  return <div data-testid="editor">{Root && <Root {...(props as unknown as AppRootProps)} />}</div>;
}
