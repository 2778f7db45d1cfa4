import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, answerHeaders } from '#contract/answer.ts';
import { EPOCHS_PATH } from '#contract/epoch.ts';
import { packAnswer } from '#contract/kept-answer.ts';
import { tellParent } from './child.ts';

/**
 * What stands behind the edge, as cheap as can be: an origin that answers any GET with 1.3 KB, and the REST API of
 * a Redis, which does what its token says: `hit`, `miss`, `hole` (never answers), `slow` (after a second), `garbage`.
 */
const EPOCH = 1_700_000_000_000;
const body = JSON.stringify({ items: 'x'.repeat(1300) });

function answerNow(): Answer {
  const created_ms = Date.now();
  const epochs = { user: EPOCH, tenant: EPOCH };
  return {
    format: 1,
    body,
    etag: '"bench"',
    epochs,
    created_ms,
    until_ms: created_ms + 600_000,
    degraded: [],
  };
}

function json(response: ServerResponse, text: string, headers: Record<string, string> = {}) {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

function redis(request: IncomingMessage, response: ServerResponse) {
  request.resume();
  const mode = request.headers.authorization?.replace('Bearer ', '');
  if (mode === 'hole') return;
  if (mode === 'garbage') return json(response, '<html>');
  const kept = mode === 'miss' ? null : packAnswer(answerNow());
  const text = JSON.stringify({ result: [null, null, String(EPOCH), kept] });
  if (mode === 'slow') setTimeout(() => json(response, text), 1_000);
  else json(response, text);
}

const server = createServer((request, response) => {
  if (request.method === 'POST') redis(request, response);
  else if (request.url?.startsWith(EPOCHS_PATH))
    json(response, JSON.stringify({ user: EPOCH, tenant: EPOCH }));
  else json(response, body, answerHeaders(answerNow()));
});
server.listen(0, '127.0.0.1', () => tellParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
