import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { tellParent } from './child.ts';

/** The form of an embeddings service, whose model takes no time: the same vector for every text. */
const VECTOR = Buffer.from(new Float32Array(384).fill(384 ** -0.5).buffer).toString('base64');
const answers = new Map<number, string>();

function answerOf(count: number): string {
  const made =
    answers.get(count) ??
    JSON.stringify({ data: Array.from({ length: count }, (_, index) => ({ index, embedding: VECTOR })) });
  answers.set(count, made);
  return made;
}

const server = createServer(async (request, response) => {
  const { input } = (await json(request)) as { input: string[] };
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(answerOf(input.length));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  tellParent(`http://127.0.0.1:${port}/v1`);
});
process.on('SIGTERM', () => process.exit(0));
