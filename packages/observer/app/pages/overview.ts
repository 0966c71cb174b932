/** The program as a whole. */
import type { VNode } from 'preact';
import type { OverviewDocument } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { Chart } from '../parts/chart.ts';
import { age, count, megabytes, ms, percent, rate } from '../parts/format.ts';
import type { SystemHistory } from '../state/history.ts';

export interface OverviewPageProps {
  readonly document: OverviewDocument;
  readonly history: SystemHistory;
}

export function OverviewPage({ document: shown, history }: OverviewPageProps): VNode {
  const { system, instances, versions, platform, pid } = shown;
  const { loop, memory, requests } = system;
  const figures: ReadonlyArray<readonly [label: string, value: string]> = [
    ['Processes', count(system.processes)],
    ['Run queue', count(system.runQueue)],
    ['Reductions per second', rate(history.last('reductions'))],
    ['Event loop busy', percent(loop.utilization)],
    ['Event-loop delay p99', ms(loop.delayP99)],
    ['Memory', megabytes(memory.rss)],
    ['Uptime', age(system.at - system.startedAt)],
    ['Crashes', count(system.crashes)],
    ['Restarts', count(system.restarts)],
    ['Requests per second', rate(history.last('requests'))],
    ['Failed per second', rate(history.last('failed'))],
    ['Request p99', ms(requests?.p99)],
  ];
  return html`<div>
    <dl class="figures">
      ${figures.map(
        ([label, value]) =>
          html`<div key=${label}>
            <dt>${label}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    <div class="charts">
      <${Chart}
        title="Requests per second"
        history=${history}
        series=${[
          ['requests', 'all'],
          ['failed', 'failed'],
        ]}
        show=${rate}
      />
      <${Chart}
        title="Time of requests"
        history=${history}
        series=${[
          ['p50', 'p50'],
          ['p99', 'p99'],
        ]}
        show=${ms}
      />
      <${Chart}
        title="Event-loop delay"
        history=${history}
        series=${[
          ['delayP50', 'p50'],
          ['delayP99', 'p99'],
        ]}
        show=${ms}
      />
      <${Chart}
        title="Reductions per second"
        history=${history}
        series=${[['reductions', 'all']]}
        show=${rate}
      />
      <${Chart}
        title="Processes"
        history=${history}
        series=${[
          ['processes', 'alive'],
          ['runQueue', 'run queue'],
        ]}
        show=${count}
      />
      <${Chart}
        title="Memory"
        history=${history}
        series=${[
          ['rss', 'resident'],
          ['heapUsed', 'heap'],
        ]}
        show=${(value: number | undefined) => (value === undefined ? '–' : `${count(value)} MB`)}
      />
    </div>
    ${Object.keys(instances).length === 0 ? null : instancesTable(instances)}
    <h2>Program</h2>
    <p class="muted">
      ${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(' · ')}
      ${' · '}${platform} · process ${pid} · ${system.node}
    </p>
  </div>`;
}

function instancesTable(instances: OverviewDocument['instances']): VNode {
  return html`<section>
    <h2>HTTP clients</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="HTTP clients">
      <table>
        <thead>
          <tr>
            <th scope="col">Instance</th>
            ${['Pools', 'In use', 'In flight', 'Idle', 'Opening', 'Queued', 'Cap'].map(
              (label) => html`<th scope="col" class="number" key=${label}>${label}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${Object.entries(instances).map(([name, it]) => {
            const { pools, inUse, inFlight, idle, connecting, queued, maxConnections } = it;
            const cap = maxConnections === 'infinity' ? 'none' : count(maxConnections);
            return html`<tr key=${name}>
              <th scope="row">${name}</th>
              ${[pools, inUse, inFlight, idle, connecting, queued].map(
                (value, index) => html`<td class="number" key=${index}>${count(value)}</td>`,
              )}
              <td class="number">${cap}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
  </section>`;
}
