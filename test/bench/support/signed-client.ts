import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Scope } from '#contract/caller.ts';
import { type Key, sign } from '#contract/signature.ts';

type Asked = {
  method: 'GET' | 'POST' | 'PUT';
  url: URL;
  /** Whom it is about; null for a tenant's own server. */
  subject: string | null;
  scope: Scope;
  body?: Buffer<ArrayBuffer> | null;
  content_type?: string;
};

const DEADLINE_MS = 60_000;

/**
 * Asks as the edge does, each request signed, over so many connections. Gives the body of a good answer (200 or 202);
 * rejects with the body of any other.
 */
export function signedClient(tenant_id: string, key: Key, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    async ask({ method, url, subject, scope, body = null, content_type }: Asked): Promise<string> {
      const caller = { tenant_id, subject, scopes: [scope] };
      const signed = await sign({ method, url, caller, deadline_ms: DEADLINE_MS, body }, key, Date.now());
      const headers = {
        ...Object.fromEntries(signed),
        ...(content_type && { 'content-type': content_type }),
        ...(body && { 'content-length': body.byteLength }),
      };
      return new Promise((resolve, reject) => {
        const sent = request(url, { method, agent, headers }, (response) => {
          const good = response.statusCode === 200 || response.statusCode === 202;
          text(response).then((read) => (good ? resolve(read) : reject(new Error(read))), reject);
        });
        sent.on('error', reject);
        sent.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
