import type { Monaco, MonacoEditor, monacoTypes } from '@grafana/ui';

import { complete, Known, SuggestionKind } from './completion';
import { formatted } from './format';

interface Hooks {
  known: () => Promise<Known>;
  run: (sql: string) => void;
}

/** Completion, formatting, and Ctrl-Enter to run, for one editor; other SQL editors on the page keep their own. */
export function equip(editor: MonacoEditor, monaco: Monaco, hooks: Hooks): monacoTypes.IDisposable[] {
  editor.updateOptions({ fixedOverflowWidgets: true });
  editor.addAction({
    id: 'footfall-run-query',
    label: 'Run query',
    keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter],
    contextMenuGroupId: 'navigation',
    run: () => hooks.run(editor.getValue()),
  });
  const isOurs = (model: monacoTypes.editor.ITextModel) => model === editor.getModel();
  return [
    monaco.languages.registerCompletionItemProvider('sql', {
      triggerCharacters: ['.', '$', "'", ' '],
      provideCompletionItems: async (model, position) => {
        if (!isOurs(model)) {
          return { suggestions: [] };
        }
        const known = await hooks.known();
        const { replaced, suggestions } = complete(model.getValue(), model.getOffsetAt(position), known);
        const range = new monaco.Range(
          position.lineNumber,
          position.column - replaced,
          position.lineNumber,
          position.column
        );
        return {
          suggestions: suggestions.map(({ label, kind, insert, detail, documentation }, at) => ({
            label,
            kind: monaco.languages.CompletionItemKind[KINDS[kind]],
            insertText: insert,
            detail,
            documentation,
            range,
            filterText: label,
            sortText: String(at).padStart(6, '0'),
          })),
        };
      },
    }),
    monaco.languages.registerDocumentFormattingEditProvider('sql', {
      provideDocumentFormattingEdits: (model) =>
        isOurs(model) ? [{ range: model.getFullModelRange(), text: formatted(model.getValue()) }] : [],
    }),
  ];
}

const KINDS: Record<SuggestionKind, 'Struct' | 'Field' | 'Property' | 'Snippet' | 'Variable' | 'Function' | 'Keyword'> =
  {
    table: 'Struct',
    column: 'Field',
    property: 'Property',
    macro: 'Snippet',
    variable: 'Variable',
    function: 'Function',
    keyword: 'Keyword',
  };
