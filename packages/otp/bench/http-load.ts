/**
 * A load for the HTTP server of the activation measure: fifty keep-alive connections that ask
 * again as soon as they are answered. Takes `<port> <milliseconds>`, answers the number of answers.
 */
import { connect, type Socket } from 'node:net';
import { answerLines } from './harness/program.ts';

const connections = 50;
const request = 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n';
const endOfAnswer = '\r\n\r\nok';

await answerLines((line) => {
  const [port = 0, ms = 0] = line.split(' ').map(Number);
  let answers = 0;
  const sockets: Socket[] = [];
  for (let i = 0; i < connections; i++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      // One short answer is one chunk: they come over loopback, one at a time.
      if (!String(chunk).endsWith(endOfAnswer))
        throw new Error(`unexpected answer: ${String(chunk)}`);
      answers++;
      socket.write(request);
    });
    sockets.push(socket);
  }
  return new Promise((resolve) => {
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
      resolve(String(answers));
    }, ms);
  });
});
