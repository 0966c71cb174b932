/** What this viewer may do, and doing it. */
import { createContext } from 'preact';
import type { Session } from '../../src/protocol/documents.ts';

export const readOnly: Session = { actions: false, reveal: false };

export interface Act {
  readonly session: Session;
  /** Does an action and tells how it went. */
  readonly act: (action: string, input: object) => Promise<void>;
  /** Asks first. */
  readonly ask: (question: Question) => void;
}

/** What a dialog asks before an action. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** A number that is asked for, too: its member in the input, and what it is at first. */
  readonly count?: { readonly member: string; readonly label: string; readonly value: number };
  /** Something is ended by it. */
  readonly isDangerous?: boolean;
}

export const ActContext = createContext<Act>({
  session: readOnly,
  act: () => Promise.resolve(),
  ask: () => {},
});

export async function loadSession(): Promise<Session> {
  const response = await fetch('api/session');
  return response.ok ? ((await response.json()) as Session) : readOnly;
}

/** Resolves with a sentence on what came of it. */
export async function sendAction(session: Session, action: string, input: object): Promise<string> {
  const response = await fetch(`api/actions/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-observer-token': session.token ?? '' },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as { readonly done?: string; readonly error?: string };
  return answer.done ?? `Not done: ${answer.error ?? response.status}`;
}
