// The editor of Explore: loaded when the page stands, in the place of its text field.
import { autocompletion, closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { logql } from './logql.ts';
import { promql } from './promql.ts';

export interface EditedSource {
  readonly uid: string;
  readonly type: string;
}

export interface QueryEditor {
  /** Another text in it. */
  write(text: string): void;
  /** The language and the names of another data source. */
  turnTo(source: EditedSource | undefined, hint: string): void;
}

const languages: Readonly<Record<string, (uid: string) => Extension>> = { prometheus: promql, loki: logql };

/** Takes the place of a text field, whose value it keeps up to date; `run` is what Shift+Enter does. */
export function editInstead(field: HTMLTextAreaElement, run: () => void): QueryEditor {
  const language = new Compartment();
  const view = new EditorView({
    state: EditorState.create({
      doc: field.value,
      extensions: [
        keymap.of(
          ['Shift-Enter', 'Mod-Enter'].map((key) => ({
            key,
            run: () => {
              run();
              return true;
            },
          })),
        ),
        history(),
        closeBrackets(),
        autocompletion({ icons: false }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
        syntaxHighlighting(classHighlighter),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': field.getAttribute('aria-label') ?? 'Query' }),
        EditorView.updateListener.of(({ state, docChanged }) => {
          if (docChanged) field.value = state.doc.toString();
        }),
        language.of([]),
      ],
    }),
  });
  const hadFocus = document.activeElement === field;
  const { selectionStart, selectionEnd } = field;
  field.hidden = true;
  field.removeAttribute('aria-label');
  field.after(view.dom);
  if (hadFocus) {
    view.dispatch({ selection: { anchor: selectionStart, head: selectionEnd } });
    view.focus();
  }
  return {
    write: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    turnTo(source, hint) {
      const own = source === undefined ? undefined : languages[source.type]?.(source.uid);
      view.dispatch({ effects: language.reconfigure([placeholder(hint), own ?? []]) });
    },
  };
}
