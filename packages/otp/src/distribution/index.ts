/**
 * The seam between the runtime and what carries signals to other nodes. For implementations of a
 * distribution, such as `@linnet/cluster`; programs do not need it.
 */
export {
  isLocal,
  startDistribution,
  thisNode,
  type Distribution,
  type RemoteCall,
  type RemoteAlias,
  type RemoteMonitor,
  type RemoteName,
  type RemoteTarget,
} from '../process/node.ts';
export { keepAlias } from '../process/messages/alias.ts';
export { keyOf } from '../process/values/term-key.ts';
export { receiveCall, type CallOutcome } from '../process/messages/call.ts';
export { envelopeOf, openEnvelope, type Envelope } from '../gen-server/envelope.ts';
export {
  exitReceived,
  hasLink,
  linkDownReceived,
  linkReceived,
  localPid,
  monitorReceived,
  unlinkReceived,
} from './received.ts';
