/** Asks before something is changed. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.ts';
import type { Question } from '../state/session.ts';

export interface QuestionDialogProps {
  readonly question: Question | undefined;
  readonly onAnswer: (input: Readonly<Record<string, unknown>> | undefined) => void;
}

export function QuestionDialog({ question, onAnswer }: QuestionDialogProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [value, setValue] = useState('');
  useEffect(() => {
    if (question === undefined) return;
    setValue(String(question.count?.value ?? ''));
    dialog.current?.showModal();
  }, [question]);
  const answer = (isYes: boolean): void => {
    dialog.current?.close();
    if (question === undefined) return;
    const { input, count } = question;
    const counted = count === undefined ? {} : { [count.member]: Number(value) };
    onAnswer(isYes ? { ...input, ...counted } : undefined);
  };
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    answer(true);
  };
  return html`<dialog ref=${dialog} aria-labelledby="question" onCancel=${() => answer(false)}>
    <form onSubmit=${onSubmit}>
      <h2 id="question">${question?.title}</h2>
      <p>${question?.text}</p>
      ${
        question?.count === undefined
          ? null
          : html`<label>
              <span>${question.count.label}</span>
              <input
                type="number"
                min="1"
                required
                value=${value}
                onInput=${(event: Event) => setValue((event.currentTarget as HTMLInputElement).value)}
              />
            </label>`
      }
      <div class="buttons">
        <button type="button" onClick=${() => answer(false)}>Cancel</button>
        <button type="submit" class=${question?.isDangerous === true ? 'danger' : 'primary'}>
          ${question?.title}
        </button>
      </div>
    </form>
  </dialog>`;
}
