/** Whether what was taken for an answer is one, and the one to its request. */
import { badBehaviours, poison } from './behaviours.ts';
import { badH2Behaviours } from './h2-behaviours.ts';
import { badH3Behaviours } from './h3-behaviours.ts';

/** What came. */
export interface Answer {
  readonly status: number;
  /** `x-behaviour`: how the server meant to answer. */
  readonly behaviour: string | undefined;
  /** `x-received`: how many bytes of the request's body arrived. */
  readonly received: string | undefined;
  /** Undefined when the caller left it early. */
  readonly body: string | undefined;
}

/** What was sent. */
export interface Asked {
  /** What the body of the answer begins with. */
  readonly path: string;
  readonly bodyLength: number;
}

/** What is wrong with an answer. */
export function faultsOf(answer: Answer, { path, bodyLength }: Asked): string[] {
  const { status, behaviour, received, body = '' } = answer;
  const faults: string[] = [];
  if (body.includes(poison)) faults.push('got an answer that nobody asked for');
  if (behaviour === undefined) {
    // Some connections greet with a 408.
    if (status !== 408) faults.push('got an answer that nobody gave');
  } else if (body !== '') {
    if (isBad(behaviour)) faults.push('took a broken response');
    else if (!behaviour.endsWith('trickle') && !body.startsWith(`${path}\n`)) {
      faults.push(`got the answer of ${body.slice(0, 20)}`);
    }
  }
  if (received !== undefined && Number(received) !== bodyLength) {
    faults.push(`${received} bytes of ${bodyLength} arrived`);
  }
  return faults;
}

function isBad(behaviour: string): boolean {
  return [badBehaviours, badH2Behaviours, badH3Behaviours].some((bad) => behaviour in bad);
}
