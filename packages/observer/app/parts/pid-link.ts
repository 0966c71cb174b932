/** A link to the page of a process. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import { hrefOf } from '../state/route.ts';

export interface PidLinkProps {
  readonly pid: string | undefined;
  readonly title?: string | undefined;
}

export function PidLink({ pid, title }: PidLinkProps): VNode {
  if (pid === undefined) return html`<span>–</span>`;
  return html`<a href=${hrefOf('process', { pid })}>${title ?? pid}</a>`;
}
