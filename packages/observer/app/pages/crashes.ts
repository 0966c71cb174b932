/** The last crashes. */
import type { VNode } from 'preact';
import type { CrashesDocument, CrashRow } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { age, clock, count } from '../parts/format.ts';
import { PidLink } from '../parts/pid-link.ts';

export interface CrashesPageProps {
  readonly document: CrashesDocument;
}

export function CrashesPage({ document: shown }: CrashesPageProps): VNode {
  const { crashes, order, dropped, system } = shown;
  if (order.length === 0) return html`<p>No process has crashed.</p>`;
  return html`<div>
    ${
      dropped === 0
        ? null
        : html`<p class="warn">${count(dropped)} more came too fast to be kept.</p>`
    }
    <ol class="crashes">
      ${order.map((id) => {
        const crash = crashes[id];
        return crash === undefined
          ? null
          : html`<${Crash} key=${id} crash=${crash} now=${system.at} />`;
      })}
    </ol>
  </div>`;
}

interface CrashProps {
  readonly crash: CrashRow;
  readonly now: number;
}

function Crash({ crash, now }: CrashProps): VNode {
  const { name, label, pid, at, reason, stack, outcome, successor, cause } = crash;
  const isBad = outcome !== 'restarted';
  return html`<li>
    <h2>${name ?? label} <span class="muted">${name === undefined ? '' : label} ${pid}</span></h2>
    <p>
      ${clock(at)}, ${age(now - at)} ago,
      ${' '}${cause === 'signal' ? 'ended by another process' : 'of its own fault'}:${' '}
      <b class=${isBad ? 'warn' : 'good'}>${outcome}</b>
      ${successor === undefined ? null : html` as <${PidLink} pid=${successor} />`}
    </p>
    <pre tabindex="0" aria-label="Reason">${reason}</pre>
    ${stack === undefined ? null : fold('Stack', stack)}
    ${crash.lastMessage === undefined ? null : fold('Last message', crash.lastMessage)}
    ${crash.state === undefined ? null : fold('State', crash.state)}
  </li>`;
}

function fold(title: string, text: string): VNode {
  return html`<details>
    <summary>${title}</summary>
    <pre tabindex="0">${text}</pre>
  </details>`;
}
