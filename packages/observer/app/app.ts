/** The page: navigation, the page that was chosen, and what was answered to actions. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { intervals, type PageName, type Session } from '../src/protocol/documents.ts';
import { html } from './html.ts';
import { LogLevel } from './parts/log-level.ts';
import { QuestionDialog } from './parts/question-dialog.ts';
import { PageBody } from './page-body.ts';
import { Histories } from './state/histories.ts';
import { useLive, type Status } from './state/live.ts';
import { hrefOf, readRoute, type Route } from './state/route.ts';
import {
  ActContext,
  loadSession,
  readOnly,
  sendAction,
  type Act,
  type Question,
} from './state/session.ts';
import { applyTheme, readTheme, themes, type Theme } from './state/theme.ts';

const titles: Readonly<Record<PageName, string>> = {
  overview: 'Overview',
  tree: 'Tree',
  processes: 'Processes',
  process: 'Process',
  pools: 'Pools',
  requests: 'Requests',
  crashes: 'Crashes',
  registry: 'Registry',
  cluster: 'Cluster',
};

const statuses: Readonly<Record<Status, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  paused: 'Paused',
  disconnected: 'Not connected, trying again',
};

export function App(): VNode {
  const [route, setRoute] = useState(readRoute);
  const [interval, setInterval] = useState(1);
  const [theme, setTheme] = useState(readTheme);
  const [session, setSession] = useState<Session>(readOnly);
  const [question, setQuestion] = useState<Question>();
  const [message, setMessage] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const { node = '' } = route.query;
  const histories = useMemo(() => new Histories(), [node]);
  const { status, shown } = useLive(route, interval, (next) => histories.add(next));

  useEffect(() => {
    const onChange = (): void => setRoute(readRoute());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  const isLive = status === 'live';
  useEffect(() => {
    // Also after a restart, which makes another token.
    if (isLive) loadSession().then(setSession, () => setSession(readOnly));
  }, [isLive]);
  useEffect(() => {
    document.title = `${titles[route.page]} · Observer`;
  }, [route.page]);

  const act = async (action: string, input: object): Promise<void> => {
    setMessage('');
    const answer = await sendAction(session, action, input).catch(() => 'Not done: no answer');
    setMessage(answer);
    if (action === 'log-level') setSession(await loadSession());
  };
  // What a viewer may change is of this node.
  const context: Act = { session: node === '' ? session : readOnly, act, ask: setQuestion };
  const onAnswer = (input: Readonly<Record<string, unknown>> | undefined): void => {
    setQuestion(undefined);
    if (question !== undefined && input !== undefined) void act(question.action, input);
  };
  const onTheme = (event: Event): void => {
    const next = (event.currentTarget as HTMLSelectElement).value as Theme;
    applyTheme(next);
    setTheme(next);
  };
  const onInterval = (event: Event): void =>
    setInterval(Number((event.currentTarget as HTMLSelectElement).value));
  const skip = (event: Event): void => {
    event.preventDefault();
    heading.current?.focus();
  };
  return html`<${ActContext.Provider} value=${context}>
    <a class="skip" href="#content" onClick=${skip}>Skip to the content</a>
    <header>
      <span class="brand">Observer</span>
      <nav aria-label="Pages">${navigation(route)}</nav>
      <div class="settings">
        ${session.logLevel === undefined || node !== '' ? null : html`<${LogLevel} level=${session.logLevel} />`}
        <label>
          <span>Every</span>
          <select value=${interval} onChange=${onInterval}>
            ${intervals.map((each) => html`<option key=${each} value=${each}>${each} s</option>`)}
            <option value="0">paused</option>
          </select>
        </label>
        <label>
          <span>Theme</span>
          <select value=${theme} onChange=${onTheme}>
            ${themes.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
          </select>
        </label>
        <span class=${`status status-${status}`} role="status">${statuses[status]}</span>
      </div>
    </header>
    <main>
      <h1 id="content" ref=${heading} tabindex="-1">${titles[route.page]}</h1>
      ${
        node === ''
          ? null
          : html`<p class="of-node">
              Of the node <b>${node}</b>.${' '}
              <a href=${hrefOf(route.page, { node: '' })}>Back to this node</a>
            </p>`
      }
      ${
        shown === undefined
          ? html`<p class="muted">Waiting for the program…</p>`
          : html`<${PageBody}
              shown=${shown}
              route=${route}
              histories=${histories}
              theme=${theme}
            />`
      }
    </main>
    <div class="message" role="status" aria-live="polite">${message}</div>
    <${QuestionDialog} question=${question} onAnswer=${onAnswer} />
  <//>`;
}

function navigation({ page }: Route): readonly VNode[] {
  const pages: readonly PageName[] = [
    'overview',
    'tree',
    'processes',
    'pools',
    'requests',
    'crashes',
    'registry',
    'cluster',
  ];
  const current = page === 'process' ? 'processes' : page;
  return pages.map(
    (each) =>
      html`<a key=${each} href=${hrefOf(each)} aria-current=${each === current ? 'page' : undefined}
        >${titles[each]}</a
      >`,
  );
}
