/** What a scope tells those of other nodes; a process of the test stands for one. */
import { exit, GenServer, type Pid, receive, self, send, spawn } from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { Cluster, Pg } from '../../src/index.ts';
import type { CompanionMessage } from '../../src/shared/companions.ts';

const isOf =
  (kind: CompanionMessage['kind']) =>
  (message: unknown): message is CompanionMessage =>
    (message as CompanionMessage).kind === kind;

const idle = (): Pid => spawn(() => receive());

test('who joins or leaves while another node asks for the groups is told of once', async () => {
  await using _cluster = await Cluster.start({ name: 'scope@127.0.0.1', cookie: 'secret' });
  await inProcess(async () => {
    const scope = await Pg.startLink();
    const discover = (): void => {
      const kind = 'discover';
      send(scope, { type: 'linnet:companion', from: self(), kind, content: undefined });
    };
    const [goes, comes] = [idle(), idle()];
    discover();
    Pg.join('group', goes);
    await receive(isOf('update'));
    await receive(isOf('sync'));
    // The scope has the question before it hears of the two.
    discover();
    Pg.join('group', comes);
    Pg.leave('group', goes);
    expect((await receive(isOf('sync'))).content).toEqual([['group', [goes]]]);
    expect((await receive(isOf('update'))).content).toMatchObject({ event: 'join', pids: [comes] });
    expect((await receive(isOf('update'))).content).toMatchObject({ event: 'leave', pids: [goes] });
    for (const pid of [goes, comes]) exit(pid, 'kill');
    // The normal end of this process does not end it.
    await GenServer.stop(scope);
  });
});
