/** Registered names, and registries. */
import type { VNode } from 'preact';
import type { RegistryDocument } from '../../src/protocol/documents.ts';
import { html } from '../html.ts';
import { count } from '../parts/format.ts';
import { PidLink } from '../parts/pid-link.ts';
import { hrefOf, type Route } from '../state/route.ts';

export interface RegistryPageProps {
  readonly document: RegistryDocument;
  readonly route: Route;
}

export function RegistryPage({ document: shown, route }: RegistryPageProps): VNode {
  const { registries, names, nameCount, entries } = shown;
  const selected = route.query['registry'] ?? '';
  const all = Object.entries(registries);
  return html`<div>
    <h2>Registries</h2>
    ${
      all.length === 0
        ? html`<p>None.</p>`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Registries">
            <table>
              <thead>
                <tr>
                  <th scope="col">Registry</th>
                  <th scope="col">Keys</th>
                  <th scope="col" class="number">Entries</th>
                  <th scope="col" class="number">Owners</th>
                </tr>
              </thead>
              <tbody>
                ${all.map(
                  ([name, registry]) =>
                    html`<tr key=${name}>
                      <th scope="row">
                        <a
                          href=${hrefOf('registry', { registry: name })}
                          aria-current=${name === selected ? 'true' : undefined}
                          >${name}</a
                        >
                      </th>
                      <td>${registry.keys}</td>
                      <td class="number">${count(registry.entries)}</td>
                      <td class="number">${count(registry.owners)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    ${
      registries[selected] === undefined
        ? null
        : html`<h2>Entries of ${selected}</h2>
            ${pairs('Key', entries, registries[selected].entries)}`
    }
    <h2>Names</h2>
    ${pairs('Name', names, nameCount)}
  </div>`;
}

function pairs(label: string, rows: RegistryDocument['names'], all: number): VNode {
  return html`<div>
    ${rows.length < all ? html`<p class="muted">${count(rows.length)} of ${count(all)}</p>` : null}
    <div class="scroll" tabindex="0" role="region" aria-label=${`${label} and process`}>
      <table>
        <thead>
          <tr>
            <th scope="col">${label}</th>
            <th scope="col">Process</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name, pid], index) =>
              html`<tr key=${index}>
                <th scope="row" class="name">${name}</th>
                <td><${PidLink} pid=${pid} /></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}
