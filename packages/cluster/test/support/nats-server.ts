/** Whether there are NATS servers for the tests. */
import { hasNatsServer as isThere } from '../../src/testing/index.ts';

export { NatsServer } from '../../src/testing/index.ts';

/** Without the program, the tests that need it are skipped. */
export const hasNatsServer = isThere();
if (!hasNatsServer) {
  console.warn('nats-server is not installed: the tests of the NATS carrier are skipped');
}
