import { type Agent, request } from 'node:http';
import type { Target } from './load.ts';

/** What came back; `status` is 0 where nothing did. */
export type Reply = { status: number; body: string };

/** One GET, read to its end. Never rejects. */
export function ask({ url, headers }: Target, agent: Agent): Promise<Reply> {
  return new Promise((resolve) => {
    const failed = () => resolve({ status: 0, body: '' });
    const sent = request(url, { agent, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', failed);
    sent.end();
  });
}

/** What an answer says it lacks; one that is no answer lacks itself. */
export function lacksOf({ status, body }: Reply): readonly string[] {
  if (status !== 200) return ['an answer'];
  return (JSON.parse(body) as { degraded?: string[] }).degraded ?? [];
}
