import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';

type Asked = { texts: string[]; model: string; authorization: string | undefined };
/** Does something else than to answer well. */
export type Fault = (response: ServerResponse, asked: Asked) => void;

/** Answers with a status, and what is given besides. */
export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Fault =>
  (response) =>
    void response.writeHead(code, headers).end(body);

/** Answers with these bytes as if they were vectors. */
export const saying = (body: string): Fault => status(200, { 'Content-Type': 'application/json' }, body);

/**
 * A server of `/v1/embeddings` on 127.0.0.1 whose model is feature hashing; what is pushed to `faults` is done to
 * the next requests, one each. Closed when the test has finished.
 */
export async function embeddingsServer({ always }: { always?: Fault } = {}) {
  const { signal } = new AbortController();
  const faults: Fault[] = [];
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    response.on('error', () => {});
    // Who asks may leave before the end of what they say.
    const body = await textOf(request).catch(() => null);
    if (body === null) return;
    const { input, model, encoding_format } = JSON.parse(body);
    const one = { texts: input, model, authorization: request.headers.authorization };
    asked.push(one);
    const fault = faults.shift() ?? always;
    if (fault) return fault(response, one);
    const vectors = await hashingEmbedder.embed(input, signal);
    const data = vectors.map((vector, index) => ({
      index,
      embedding:
        encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector),
    }));
    // In another order than the texts, as a service may.
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ object: 'list', model, data: data.reverse() }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { dimension } = hashingEmbedder.version;
  return { url: `http://127.0.0.1:${port}/v1`, dimension, asked, faults };
}
