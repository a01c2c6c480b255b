import { CustomVariableSupport, DataQueryRequest, DataSourceApi } from '@grafana/data';
import { DataQuery } from '@grafana/schema';
import { useEffect, useState } from 'react';

import { Plugins } from '../plugins';

/** The variable editor above the resulting values, as in Grafana's dashboard settings. */
export function VariablePage({ plugins: { datasource } }: { plugins: Plugins }) {
  const support = datasource.variables as CustomVariableSupport<DataSourceApi>;
  const [query, setQuery] = useState<DataQuery>({ refId: 'Variable' });
  const [names, setNames] = useState<string[]>([]);
  useEffect(() => {
    const asked = support
      .query({ targets: [query], scopedVars: {} } as unknown as DataQueryRequest)
      .subscribe(({ data }) => setNames(data[0]?.fields[0]?.values ?? []));
    return () => asked.unsubscribe();
  }, [support, query]);
  const Editor = support.editor;
  return (
    <>
      <div data-testid="editor">
        <Editor datasource={datasource} query={query} onChange={setQuery} onRunQuery={() => {}} />
      </div>
      <ul data-testid="result" aria-label="Values" style={{ margin: 16 }}>
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </>
  );
}
