import { vi } from 'vitest';
import { importKeys, type Key, type SigningKey, sign } from '#contract/signature.ts';
import { NDJSON } from './signed-requests.ts';

export const SIGNING_KEY: SigningKey = { id: 'k', secret: Buffer.alloc(32, 5).toString('base64url') };
const BATCH = 10;
const caller = { tenant_id: 'acme', subject: null, scopes: ['events:write' as const] };

/** Posts events in several rows at once, until told to end or nobody answers any more; and knows what was acknowledged. */
export async function keepPosting(base: string, rows: number) {
  const [key] = (await importKeys([SIGNING_KEY])) as [Key];
  const url = new URL('/v1/events', base);
  const acknowledged: string[] = [];
  const answers = new Set<number>();
  let isOver = false;

  async function post(ids: readonly string[]): Promise<number | null> {
    const occurred_at = new Date().toISOString();
    const lines = ids.map((message_id) => {
      return JSON.stringify({ type: 'click', message_id, user_id: 'ann', campaign_id: 'c', occurred_at });
    });
    const body = Buffer.from(lines.join('\n'));
    const headers = await sign({ method: 'POST', url, caller, deadline_ms: 30_000, body }, key, Date.now());
    headers.set('content-type', NDJSON);
    const response = await fetch(url, { method: 'POST', headers, body }).catch(() => null);
    await response?.arrayBuffer();
    return response?.status ?? null;
  }

  const row = async (name: number) => {
    for (let at = 0; !isOver; at++) {
      const ids = Array.from({ length: BATCH }, (_, which) => `${name}-${at}-${which}`);
      const status = await post(ids);
      if (status === null) return;
      answers.add(status);
      if (status === 202) acknowledged.push(...ids);
    }
  };
  const posting = Promise.all(Array.from({ length: rows }, (_, name) => row(name)));
  return {
    /** Resolves once so many events were acknowledged. */
    until: (count: number) =>
      vi.waitFor(
        () => {
          if (acknowledged.length < count) throw new Error(`Only ${acknowledged.length} were acknowledged`);
        },
        { timeout: 30_000, interval: 5 },
      ),
    async end() {
      isOver = true;
      await posting;
      return { acknowledged, answers };
    },
  };
}
