import { CodeEditor, InlineLabel } from '@grafana/ui';
import React from 'react';

import { QueryOf } from '../../query';
import { BuilderProps } from './props';

const MACROS =
  '$__timeFilter(ts) · $__timeInterval(ts) · $__fromTime · $__toTime · {name:String} is bound to the dashboard variable';

/** A custom statement. Runs when the editor loses focus or on Ctrl+S. */
export function SqlBuilder({ query, onChange }: BuilderProps<QueryOf<'sql'>>) {
  const change = (rawSql: string) => rawSql !== query.rawSql && onChange({ rawSql });
  return (
    <>
      <CodeEditor
        language="sql"
        height="180px"
        value={query.rawSql ?? ''}
        showLineNumbers
        showMiniMap={false}
        onBlur={change}
        onSave={change}
        monacoOptions={{ scrollBeyondLastLine: false, fontSize: 13 }}
      />
      <InlineLabel width="auto">{MACROS}</InlineLabel>
    </>
  );
}
