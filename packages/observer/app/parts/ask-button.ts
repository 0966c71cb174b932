/** A button for an action; there is none for viewers who may not do it. */
import type { VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { html } from '../html.ts';
import { ActContext, type Question } from '../state/session.ts';

export interface AskButtonProps {
  readonly question: Question;
  readonly label?: string;
}

export function AskButton({ question, label }: AskButtonProps): VNode | null {
  const { session, ask } = useContext(ActContext);
  if (!session.actions) return null;
  const style = question.isDangerous === true ? 'small danger' : 'small';
  return html`<button type="button" class=${style} onClick=${() => ask(question)}>
    ${label ?? question.title}
  </button>`;
}
