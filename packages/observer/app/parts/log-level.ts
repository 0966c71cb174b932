/** The level of the logger that the observer was given. */
import type { VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { html } from '../html.ts';
import { ActContext } from '../state/session.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

export interface LogLevelProps {
  readonly level: string;
}

export function LogLevel({ level }: LogLevelProps): VNode {
  const { session, act } = useContext(ActContext);
  const known = levels.includes(level) ? levels : [level, ...levels];
  const onChange = (event: Event): void =>
    void act('log-level', { level: (event.currentTarget as HTMLSelectElement).value });
  return html`<label>
    <span>Log</span>
    <select value=${level} disabled=${!session.actions} onChange=${onChange}>
      ${known.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
    </select>
  </label>`;
}
