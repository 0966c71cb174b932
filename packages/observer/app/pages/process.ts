/** One process. */
import type { VNode } from 'preact';
import { useContext } from 'preact/hooks';
import type { ProcessDocument, TraceLine } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { AskButton } from '../parts/ask-button.ts';
import { age, clock, count } from '../parts/format.ts';
import { PidLink } from '../parts/pid-link.ts';
import { ActContext } from '../state/session.ts';
import { hrefOf } from '../state/route.ts';

export interface ProcessPageProps {
  readonly document: ProcessDocument;
}

type Process = NonNullable<ProcessDocument['process']>;

export function ProcessPage({ document: shown }: ProcessPageProps): VNode {
  const { process, pid, trace, system } = shown;
  if (process === undefined) {
    return html`<p>
      ${pid} is dead. <a href=${hrefOf('crashes')}>Its crash</a> may be among the last ones.
    </p>`;
  }
  const { name, label, status, mailbox, startedAt = system.at, state, trapExit } = process;
  const { parent, supervisor, linked, monitors, monitoredBy, restarts, details } = process;
  const facts: ReadonlyArray<readonly [label: string, value: unknown]> = [
    ['Pid', pid],
    ['Name', name ?? '–'],
    ['Kind', label],
    ['Status', status],
    ['State', state ?? '–'],
    ['Mailbox', count(mailbox)],
    ['Up', age(system.at - startedAt)],
    ['Restarts', count(restarts ?? 0)],
    ['Traps exits', trapExit ? 'yes' : 'no'],
    ['Supervisor', supervisor === undefined ? '–' : html`<${PidLink} ...${supervisor} />`],
    ['Started by', parent === undefined ? '–' : html`<${PidLink} ...${parent} />`],
    ['Monitors', `${count(monitors)}, monitored by ${count(monitoredBy)}`],
  ];
  return html`<div>
    <p class="lead">${name ?? label}</p>
    ${buttonsOf(process)}
    <dl class="facts">
      ${facts.map(
        ([term, value]) =>
          html`<div key=${term}>
            <dt>${term}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    <h2>Links</h2>
    ${
      linked.length === 0
        ? html`<p>None.</p>`
        : html`<ul class="links">
            ${linked.map(
              (link) =>
                html`<li key=${link.pid}>
                  <${PidLink} ...${link} /> <span class="muted">${link.pid}</span>
                </li>`,
            )}
          </ul>`
    }
    <h2>What its behaviour shows</h2>
    <pre tabindex="0">${details === '' ? 'Nothing.' : details}</pre>
    <${Trace} pid=${pid} lines=${trace} />
  </div>`;
}

function buttonsOf({ pid, name, label, supervisor }: Process): VNode {
  const title = name ?? label;
  const input = { pid };
  const child = { pid, supervisor: supervisor?.pid };
  return html`<div class="buttons">
    ${
      supervisor === undefined
        ? null
        : html`<${AskButton}
              question=${{
                title: 'Restart',
                text: `Stops ${title} in order and starts it again in its place.`,
                action: 'restart-child',
                input: child,
              }}
            /><${AskButton}
              question=${{
                title: 'Stop',
                text: `Stops ${title} through its supervisor, which does not start it again.`,
                action: 'stop-child',
                input: child,
                isDangerous: true,
              }}
            />`
    }
    <${AskButton}
      question=${{
        title: 'Kill',
        text: `Kills ${title}. Its supervisor may start it anew.`,
        action: 'kill',
        input,
        isDangerous: true,
      }}
    />
  </div>`;
}

interface TraceProps {
  readonly pid: string;
  readonly lines: readonly TraceLine[] | undefined;
}

function Trace({ pid, lines }: TraceProps): VNode {
  const { session, act } = useContext(ActContext);
  const isOn = lines !== undefined;
  return html`<section>
    <h2>Trace</h2>
    ${
      session.actions
        ? html`<button
            type="button"
            onClick=${() => void act(isOn ? 'end-trace' : 'trace', { pid })}
          >
            ${isOn ? 'End the trace' : 'Trace messages'}
          </button>`
        : html`<p class="muted">Off. A viewer who may act can turn it on.</p>`
    }
    ${
      lines === undefined
        ? null
        : html`<ol class="trace" reversed>
            ${lines.map(
              ({ n, at, type, text }) =>
                html`<li key=${n}>
                  <span class="muted">${clock(at)}</span> <b>${type}</b> <code>${text}</code>
                </li>`,
            )}
          </ol>`
    }
  </section>`;
}
