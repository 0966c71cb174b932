/** The pools, and the connections of one of them. */
import type { VNode } from 'preact';
import type { ConnectionRow, PoolFigures, PoolsDocument } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { AskButton } from '../parts/ask-button.ts';
import { Chart } from '../parts/chart.ts';
import { age, count, ms } from '../parts/format.ts';
import { PidLink } from '../parts/pid-link.ts';
import type { History } from '../state/history.ts';
import { hrefOf, type Route } from '../state/route.ts';

export interface PoolsPageProps {
  readonly document: PoolsDocument;
  readonly route: Route;
  readonly histories: ReadonlyMap<string, History>;
}

const figures = ['size', 'inUse', 'idle', 'connecting', 'queued'] as const;

export function PoolsPage({ document: shown, route, histories }: PoolsPageProps): VNode {
  const entries = Object.entries(shown.pools);
  if (entries.length === 0) return html`<p>No pool runs.</p>`;
  const selected = route.query['pool'] ?? '';
  const pool = shown.pools[selected];
  const isAlone = new Set(entries.map(([, { instance }]) => instance)).size === 1;
  return html`<div>
    <div class="scroll" tabindex="0" role="region" aria-label="Pools">
      <table>
        <thead>
          <tr>
            <th scope="col">Pool</th>
            <th scope="col">Shard</th>
            <th scope="col">Status</th>
            <th scope="col">Protocol</th>
            <th scope="col">Use</th>
            ${['Size', 'In use', 'Idle', 'Opening', 'Queued', 'Wait p99', 'Timeouts'].map(
              (label) => html`<th scope="col" class="number" key=${label}>${label}</th>`,
            )}
            <th scope="col" class="number">Connect errors</th>
          </tr>
        </thead>
        <tbody>
          ${entries.map(([id, each]) => rowsOf(id, each, id === selected, isAlone))}
        </tbody>
      </table>
    </div>
    ${
      pool === undefined
        ? html`<p class="muted">Choose a pool to see its connections.</p>`
        : html`<${OnePool}
            key=${selected}
            id=${selected}
            pool=${pool}
            document=${shown}
            history=${histories.get(selected)}
          />`
    }
  </div>`;
}

/** `isAlone`: all pools are of one instance, which is not named at each of them. */
function rowsOf(
  id: string,
  pool: PoolFigures,
  isSelected: boolean,
  isAlone: boolean,
): readonly VNode[] {
  const { instance, key, status, userManaged, waitP99, timeouts, connectErrors } = pool;
  const shards = Object.entries(pool.shards);
  const first = html`<th scope="row" rowspan=${Math.max(1, shards.length)}>
    <a href=${hrefOf('pools', { pool: id })} aria-current=${isSelected ? 'true' : undefined}>
      ${key}
    </a>
    ${isAlone ? null : html`<span class="muted"> ${instance}</span>`}
  </th>`;
  const state = status + (userManaged ? ', user-managed' : '');
  if (shards.length === 0) {
    return [
      html`<tr key=${id}>
        ${first}
        <td>–</td>
        <td class="warn">${state}</td>
        <td colspan="10"></td>
      </tr>`,
    ];
  }
  return shards.map(([shard, it], index) => {
    const { size, inUse, idle, queued } = it;
    return html`<tr key=${`${id} ${shard}`} class=${isSelected ? 'selected' : ''}>
      ${index === 0 ? first : null}
      <td><${PidLink} pid=${it.pid} title=${shard} /></td>
      <td class=${status === 'up' ? '' : 'warn'}>${state}</td>
      <td>${it.protocol ?? '–'}</td>
      <td>
        <span class="meter" role="img" aria-label=${`${inUse} in use and ${idle} idle of ${size}`}
          ><span class="used" style=${{ width: width(inUse, size) }}></span
          ><span class="spare" style=${{ width: width(idle, size) }}></span
        ></span>
      </td>
      ${figures.map(
        (name) =>
          html`<td class=${name === 'queued' && queued > 0 ? 'number warn' : 'number'} key=${name}>
            ${count(it[name])}
          </td>`,
      )}
      <td class="number">${ms(waitP99)}</td>
      <td class=${timeouts > 0 ? 'number warn' : 'number'}>${count(timeouts)}</td>
      <td class=${connectErrors > 0 ? 'number warn' : 'number'}>${count(connectErrors)}</td>
    </tr>`;
  });
}

const width = (part: number, of: number): string =>
  `${Math.min(100, (part / Math.max(1, of)) * 100)}%`;

const sizeOf = ({ shards }: PoolFigures): number => Object.values(shards)[0]?.size ?? 1;

interface OnePoolProps {
  readonly id: string;
  readonly pool: PoolFigures;
  readonly document: PoolsDocument;
  readonly history: History | undefined;
}

function OnePool({ pool, document: shown, history }: OnePoolProps): VNode {
  const { instance, key, shards } = pool;
  const { connections, connectionCount, system } = shown;
  const input = { instance, pool: key };
  const rows = Object.entries(connections);
  return html`<section aria-labelledby="pool">
    <h2 id="pool">${key}</h2>
    <div class="buttons">
      <${AskButton}
        question=${{
          title: 'Prewarm',
          text: `Opens connections of ${key} until as many are idle.`,
          action: 'prewarm-pool',
          input,
          count: { member: 'count', label: 'Idle connections', value: 4 },
        }}
      />
      <${AskButton}
        question=${{
          title: 'Resize',
          text:
            `Changes how many connections each shard of ${key} may have. Those too many are closed: ` +
            'idle ones now, the others when they are given back.',
          action: 'resize-pool',
          input,
          count: { member: 'size', label: 'Connections', value: sizeOf(pool) },
        }}
      />
      <${AskButton}
        question=${{
          title: 'Shards',
          text: `Changes how many shards ${key} has; those too many are drained.`,
          action: 'shard-pool',
          input,
          count: { member: 'count', label: 'Shards', value: Object.keys(shards).length },
        }}
      />
      <${AskButton}
        question=${{
          title: 'Drain',
          text: `Lets the requests of ${key} end and stops it.`,
          action: 'drain-pool',
          input,
          isDangerous: true,
        }}
      />
    </div>
    ${
      history === undefined
        ? null
        : html`<div class="charts">
            <${Chart}
              title="Connections"
              history=${history}
              series=${[
                ['inUse', 'in use'],
                ['idle', 'idle'],
                ['queued', 'queued'],
              ]}
              show=${count}
            />
            <${Chart}
              title="Wait for a connection"
              history=${history}
              series=${[
                ['waitP50', 'p50'],
                ['waitP99', 'p99'],
              ]}
              show=${ms}
            />
          </div>`
    }
    <h3>Connections</h3>
    ${
      rows.length < connectionCount
        ? html`<p class="muted">${count(rows.length)} of ${count(connectionCount)}</p>`
        : null
    }
    <div class="scroll" tabindex="0" role="region" aria-label="Connections">
      <table>
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col">State</th>
            <th scope="col">Protocol</th>
            <th scope="col" class="number">Shard</th>
            <th scope="col" class="number">Age</th>
            <th scope="col" class="number">Served</th>
            <th scope="col" class="number">In flight</th>
            <th scope="col">Peer</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(([id, row]) => connectionRow(id, row, system.at))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function connectionRow(id: string, row: ConnectionRow, now: number): VNode {
  const { pid, state, protocol, shard, openedAt, served, inFlight, limit, peer, instance } = row;
  return html`<tr key=${id}>
    <th scope="row"><${PidLink} pid=${pid} title=${pid ?? id} /></th>
    <td><span class=${`badge connection-${state}`}>${state}</span></td>
    <td>${protocol ?? '–'}</td>
    <td class="number">${shard}</td>
    <td class="number">${age(now - openedAt)}</td>
    <td class="number">${count(served)}</td>
    <td class="number">
      ${count(inFlight)}${limit > 1 && limit < 1e9 ? ` of ${count(limit)}` : ''}
    </td>
    <td>${peer ?? '–'}</td>
    <td>
      ${
        pid === undefined
          ? null
          : html`<${AskButton}
              question=${{
                title: 'Close',
                text: `Closes the connection ${pid}; what is in flight on it fails.`,
                action: 'close-connection',
                input: { instance, pid },
                isDangerous: true,
              }}
            />`
      }
    </td>
  </tr>`;
}
