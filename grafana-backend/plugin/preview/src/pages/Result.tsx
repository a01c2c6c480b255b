import { TimeRange } from '@grafana/data';

import { PanelModel } from '../dashboard/model';
import { PanelView } from '../dashboard/PanelView';
import { Plugins } from '../Preview';

/** What an editor's query gives, under the editor and as wide as the page. */
export function Result({ panel, plugins, range }: { panel: PanelModel; plugins: Plugins; range: TimeRange }) {
  return (
    <div data-testid="result" style={{ marginTop: 8 }}>
      <PanelView
        panel={panel}
        plugins={plugins}
        range={range}
        width={document.documentElement.clientWidth - 40}
        height={420}
      />
    </div>
  );
}
