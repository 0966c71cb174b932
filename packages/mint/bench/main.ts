/**
 * The benchmark of the codecs alone: no socket, one core, each beside an independent one where
 * there is one (llhttp by way of node:http has none without a socket). How mint stands to its
 * peers over sockets is shown by the benchmark of @linnet/finch.
 *
 * npm run bench -w @linnet/mint -- [--seconds 20]
 */
import { parseArgs } from 'node:util';
import { percentile } from '../../otp/bench/harness/stats.ts';
import { table } from '../../otp/bench/harness/table.ts';
import { more, ResponseParser } from '../src/http1/parser.ts';
import { chunked, headOf, requestFields } from '../src/http1/writer.ts';
import { Http2Connection } from '../src/http2/connection.ts';
import { HpackDecoder } from '../src/http2/hpack/decoder.ts';
import { Http3Connection } from '../src/http3/connection.ts';
import { QpackDecoder } from '../src/http3/qpack/decoder.ts';
import { QpackEncoder } from '../src/http3/qpack/encoder.ts';
import { OutputBuffer } from '../src/output-buffer.ts';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
const seconds = Number(options.seconds);
if (!(seconds > 0)) throw new TypeError('--seconds must be a number above 0');

const head =
  'HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 30 Nov 2026 09:00:00 GMT\r\n' +
  'Content-Type: text/plain\r\nLast-Modified: Mon, 30 Nov 2026 08:00:00 GMT\r\n' +
  'Connection: keep-alive\r\nETag: "65f0a5c4-400"\r\nAccept-Ranges: bytes\r\n';

function response(fields: string, body: string): Buffer {
  return Buffer.from(`${head}${fields}\r\n${body}`, 'latin1');
}

const counted = response('Content-Length: 1024\r\n', 'x'.repeat(1024));
const chunks = `${'100\r\n'}${'x'.repeat(256)}\r\n`.repeat(4);
const inChunks = response('Transfer-Encoding: chunked\r\n', `${chunks}0\r\n\r\n`);

const parser = new ResponseParser();

/** Reads one response out of one piece, or out of pieces of a size. */
function parse(bytes: Buffer, size = bytes.length): void {
  parser.begin(0);
  for (let from = 0; from < bytes.length; from += size) {
    const to = Math.min(from + size, bytes.length);
    for (let at = from; parser.next(bytes, at, to) !== more; at = parser.at) {
      if (parser.idle) return;
    }
  }
}

const headers = Object.freeze(['host', 'api.example.com', 'accept', '*/*', 'user-agent', 'bench']);

/** RFC 7541, appendix C.6.1: a response with Huffman codes. */
const block = Buffer.from(
  '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8' +
    'e9ae82ae43d3',
  'hex',
);
const decoder = new HpackDecoder();
const sink = { isFull: false, fields: 0, add: () => void sink.fields++ };

const connection = new Http2Connection({ scheme: 'https', authority: 'api.example.com' });

/** The same response as a section of QPACK, and as what comes on a stream of HTTP/3. */
const section = sectionOf([
  [':status', '302'],
  ['cache-control', 'private'],
  ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['location', 'https://www.example.com'],
]);
const qpack = new QpackDecoder();
const stream = Buffer.concat([
  Buffer.of(1, section.length),
  section,
  Buffer.of(0, 5),
  Buffer.from('hello'),
]);
const http3 = new Http3Connection({ authority: 'api.example.com' });
const get = {
  method: 'GET',
  target: '/users',
  headers: Object.freeze(['accept', '*/*', 'user-agent', 'bench']),
};

function sectionOf(list: readonly (readonly [name: string, value: string])[]): Buffer {
  const encoder = new QpackEncoder();
  const out = new OutputBuffer();
  encoder.begin(out);
  for (const [name, value] of list) encoder.field(out, name, value);
  return out.take();
}

/** One request on a stream of its own, and its response. */
function exchange(): void {
  const opened = http3.open(undefined, get, 0, false);
  http3.sent(opened);
  http3.take();
  for (let at = 0; http3.next(opened.id, stream, at, stream.length) !== 0; at = http3.at);
  http3.finish(opened.id);
}

const measures: Readonly<Record<string, () => void>> = {
  'HTTP/1.1: a response of 1 kB, content-length': () => parse(counted),
  'HTTP/1.1: the same in four chunks': () => parse(inChunks),
  'HTTP/1.1: the same byte by byte': () => parse(inChunks, 1),
  'HTTP/1.1: the head of a request': () =>
    void headOf({
      method: 'GET',
      target: '/users',
      fields: requestFields(headers),
      hostLine: 'host: api.example.com\r\n',
      upgrade: undefined,
      closes: false,
      length: chunked,
      expectsContinue: false,
    }),
  'HPACK: the head of a response, decoded': () => decoder.decode(block, 0, block.length, sink),
  'QPACK: the same, without a dynamic table': () => qpack.decode(section, 0, section.length, sink),
  'HTTP/3: a request and its response of 5 bytes': exchange,
  'HTTP/2: PING answered with nothing else to say': () => {
    connection.ping(1);
    connection.take();
  },
};

/** Nanoseconds for one time, from turns of 50 ms. */
function measure(run: () => void, ms: number): number[] {
  const results: number[] = [];
  const end = performance.now() + ms;
  for (let count = 100; performance.now() < end;) {
    const started = performance.now();
    for (let i = 0; i < count; i++) run();
    const took = performance.now() - started;
    results.push((took * 1e6) / count);
    if (took < 50) count *= 2;
  }
  return results.slice(results.length >> 1);
}

const share = (seconds * 1000) / Object.keys(measures).length;
const rows = Object.entries(measures).map(([name, run]) => {
  const times = measure(run, share);
  const fast = percentile(times, 0.2);
  return [name, `${fast.toFixed(0)} ns`, `${(1e3 / fast).toFixed(2)} M/s`];
});
console.log(table([['codec alone, one core', 'each', 'rate'], ...rows]));
