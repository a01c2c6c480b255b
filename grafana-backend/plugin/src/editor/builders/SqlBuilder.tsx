import { getTemplateSrv } from '@grafana/runtime';
import { Button, CodeEditor, Icon, MonacoEditor, monacoTypes, Toggletip } from '@grafana/ui';
import React, { useEffect, useRef } from 'react';

import { QueryOf } from '../../query';
import { useEditing } from '../parts/context';
import { Row } from '../parts/Row';
import { formatted } from '../sql/format';
import { MACROS, written } from '../sql/macros';
import { equip } from '../sql/monaco';
import { BuilderProps } from './props';

/** A custom statement. Runs on Ctrl-Enter, Ctrl-S, or when the editor loses focus. */
export function SqlBuilder({ query, onChange, onRunQuery }: BuilderProps<QueryOf<'sql'>>) {
  const { suggest, project } = useEditing();
  const editor = useRef<MonacoEditor>(null);
  const equipped = useRef<monacoTypes.IDisposable[]>([]);
  useEffect(() => () => equipped.current.forEach((each) => each.dispose()), []);
  const change = (rawSql: string) => rawSql !== query.rawSql && onChange({ rawSql });
  const run = (rawSql: string) => (rawSql === query.rawSql ? onRunQuery?.() : onChange({ rawSql }));
  const known = async () => {
    const [tables, properties] = await Promise.all([
      suggest.schema().catch(() => []),
      suggest.properties(project).catch(() => []),
    ]);
    const variables = getTemplateSrv().getVariables();
    return { tables, properties, variables: variables.map(({ name }) => name) };
  };
  // Monaco keeps the functions of the first render.
  const latest = useRef({ known, run });
  useEffect(() => {
    latest.current = { known, run };
  });
  return (
    <>
      <CodeEditor
        aria-label="SQL"
        language="sql"
        height="200px"
        value={query.rawSql ?? ''}
        showLineNumbers
        showMiniMap={false}
        onBlur={change}
        onSave={change}
        onEditorDidMount={(mounted, monaco) => {
          editor.current = mounted;
          equipped.current = equip(mounted, monaco, {
            known: () => latest.current.known(),
            run: (sql) => latest.current.run(sql),
          });
        }}
        monacoOptions={{ scrollBeyondLastLine: false, fontSize: 13 }}
      />
      <Row>
        <Button
          size="sm"
          variant="secondary"
          icon="brackets-curly"
          onClick={() => change(formatted(editor.current?.getValue() ?? query.rawSql ?? ''))}
        >
          Format
        </Button>
        <Button
          size="sm"
          variant="secondary"
          icon="play"
          tooltip="Ctrl+Enter"
          onClick={() => run(editor.current?.getValue() ?? query.rawSql ?? '')}
        >
          Run
        </Button>
        <Toggletip content={<Macros />} placement="top" closeButton>
          <Button size="sm" variant="secondary" fill="text">
            Macros and variables <Icon name="info-circle" />
          </Button>
        </Toggletip>
      </Row>
    </>
  );
}

function Macros() {
  return (
    <div>
      <p>
        <code>$variable</code> is bound as a value wherever it stands, in quotes or in a list;{' '}
        <code>{'{name:String}'}</code> too.
      </p>
      <table>
        <tbody>
          {MACROS.map((macro) => (
            <tr key={macro.name}>
              <td>
                <code>{written(macro)}</code>
              </td>
              <td>{macro.meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
