import { expect, test } from 'vitest';
import { FrameWriter } from '../../src/http2/frame-writer.ts';

test.each([
  ['WINDOW_UPDATE', (writer: FrameWriter, number: number) => writer.window(1, number)],
  ['RST_STREAM', (writer: FrameWriter, number: number) => writer.reset(1, number)],
])('%s is whole wherever the output moves to a larger buffer', (_name, write) => {
  const writer = new FrameWriter();
  const numbers = Array.from({ length: 5000 }, (_, index) => index + 1);
  for (const number of numbers) write(writer, number);
  const bytes = writer.out.take();
  expect(numbers.map((_, index) => bytes.readUInt32BE(index * 13 + 9))).toEqual(numbers);
});
