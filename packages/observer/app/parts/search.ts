/** The field in which a page is searched; it asks when typing has paused. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.ts';
import { setQuery } from '../state/route.ts';

/** Ms without a key after which the search begins. */
const pause = 200;

export interface SearchProps {
  readonly label: string;
  readonly value: string;
}

export function Search({ label, value }: SearchProps): VNode {
  const [text, setText] = useState(value);
  const timer = useRef<number>(undefined);
  useEffect(() => setText(value), [value]);
  const onInput = (event: Event): void => {
    const given = (event.currentTarget as HTMLInputElement).value;
    setText(given);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setQuery({ search: given, offset: '' }), pause);
  };
  return html`<label class="search">
    <span>${label}</span>
    <input type="search" value=${text} onInput=${onInput} autocomplete="off" spellcheck=${false} />
  </label>`;
}
