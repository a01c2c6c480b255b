import { TimeRange } from '@grafana/data';

import { PanelModel } from '../dashboard/model';
import { PanelView } from '../dashboard/PanelView';
import { Plugins } from '../plugins';

/** An editor's query result, below the editor at full page width. */
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
