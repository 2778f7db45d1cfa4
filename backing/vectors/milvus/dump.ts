import { setTimeout as sleep } from 'node:timers/promises';
import { ConsistencyLevelEnum } from '@zilliz/milvus2-sdk-node';
import { composite } from '#contract/ids.ts';
import { BACKOFF, delayAfter } from '../../log/backoff.ts';
import { quantise } from '../quantise.ts';
import { forgottenName } from './names.ts';
import { fetchRows, type Row } from './rows.ts';
import type { Store } from './store.ts';
import { VectorsUnavailable } from './unavailable.ts';

/** One row, by what its line begins with. */
type Line = { key: readonly string[]; name: string; pk: string; place: number };

/** As many rows as one answer is expected to give. Of so many hashes, hardly ever a hundred more fall in a slice. */
const SLICE = 12_000;
const PAGE = 500;
/** The most rows that Milvus gives in an answer. */
const MOST = 16_384;

const ATTEMPTS = 5;

/** A dump is long: one question that a busy server lets wait should not cost all that was asked before. */
async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof VectorsUnavailable && error.retryable) || attempt === ATTEMPTS) throw error;
      await sleep(delayAfter(attempt, BACKOFF));
    }
  }
}

function precedes(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at < 0 ? 0 : (a[at] as string) < (b[at] as string) ? -1 : 1;
}

const DIGITS = 8;

/**
 * Filters that cut a collection into slices of about as many rows: keys are hashes. A server without an index of them
 * looks at every row for each slice, so they are as few as can be.
 */
function slicesOf(rows: number): string[] {
  const count = Math.max(1, Math.ceil(rows / SLICE));
  const cuts = Array.from({ length: count }, (_, at) =>
    Math.floor((16 ** DIGITS * at) / count)
      .toString(16)
      .padStart(DIGITS, '0'),
  );
  // `g` comes after every digit of a key.
  return cuts.map((from, at) => `pk >= "${from}" and pk < "${cuts[at + 1] ?? 'g'}"`);
}

/** What a store holds, as the embedded one writes it; vectors in bytes, of the numbers that are stored. */
export async function* dumpOf(store: Store): AsyncIterable<string> {
  const { connection, collections, write_ms: limit_ms } = store;
  const { signal } = new AbortController();
  const query = async (name: string, filter: string, output_fields: string[], limit?: number) => {
    const { data } = await patiently(() =>
      connection.call(signal, limit_ms, (client, timeout) =>
        client.query({
          collection_name: name,
          filter,
          output_fields,
          consistency_level: ConsistencyLevelEnum.Strong,
          ...(limit ? { limit } : {}),
          timeout,
        }),
      ),
    );
    return data as Row[];
  };

  /** No query of Milvus is sorted, so the identities are, here, without their vectors. */
  async function linesOf(kind: 'campaign' | 'message'): Promise<Line[]> {
    const ids = kind === 'campaign' ? ['campaign_id'] : ['user_id', 'message_id'];
    const order = kind === 'campaign' ? 'version' : 'place';
    const lines: Line[] = [];
    for (const { name, kind: of } of await collections.list(signal, true)) {
      if ((of === 'campaigns') !== (kind === 'campaign')) continue;
      const { id } = await collections.ready(name, null, signal);
      const [counted] = await query(name, '', ['count(*)']);
      for (const slice of slicesOf(Number(counted?.['count(*)']))) {
        const rows = await query(name, slice, ['pk', 'tenant_id', ...ids, order], MOST);
        if (rows.length === MOST)
          throw new VectorsUnavailable('vectors_refused', 'A slice of a dump has more rows than are given');
        for (const row of rows) {
          const key = [id, String(row['tenant_id']), ...ids.map((field) => String(row[field]))];
          lines.push({ key, name, pk: String(row['pk']), place: Number(row[order]) });
        }
      }
    }
    lines.sort((a, b) => precedes(a.key, b.key) || a.place - b.place);
    // A write that was cut off may have left two of an identity; the earlier place is the one that stays.
    return lines.filter(({ key }, at) => at === 0 || precedes((lines[at - 1] as Line).key, key) !== 0);
  }

  async function* rowsOf(lines: readonly Line[], fields: string[]) {
    for (let at = 0; at < lines.length; at += PAGE) {
      const page = lines.slice(at, at + PAGE);
      const rows = new Map<string, Row>();
      for (const name of new Set(page.map((line) => line.name))) {
        const keys = page.filter((line) => line.name === name).map(({ pk }) => pk);
        const asked = { name, keys, fields, limit_ms };
        for (const row of await patiently(() => fetchRows(connection, asked, signal)))
          rows.set(String(row['pk']), row);
      }
      for (const { key, pk } of page) {
        const row = rows.get(pk);
        if (row) yield { key, row };
      }
    }
  }

  async function* forgottenLines() {
    const name = forgottenName(store.prefix);
    const { value } = await connection.call(signal, limit_ms, (client, timeout) =>
      client.hasCollection({ collection_name: name, timeout }),
    );
    if (value !== true) return;
    await collections.ready(name, null, signal);
    const [counted] = await query(name, '', ['count(*)']);
    const many = Number(counted?.['count(*)']) > SLICE;
    // What keys begin with, in the order in which they sort.
    const starts = many ? [...'-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'] : [''];
    for (const start of starts) {
      const rows = await query(
        name,
        `pk like "${start.replace('_', '\\\\_')}%"`,
        ['pk', 'forgotten_at'],
        MOST,
      );
      const lines = rows.map((row) => [String(row['pk']), String(row['forgotten_at'])] as const);
      for (const [key, at] of lines.sort(([a], [b]) => (a < b ? -1 : 1)))
        yield `${composite('forgotten', key)} ${at}`;
    }
  }

  const bytesOf = ({ vector }: Row) =>
    Buffer.from(quantise(Float32Array.from(vector as number[])).buffer).toString('base64');

  for await (const { key, row } of rowsOf(await linesOf('campaign'), ['deleted', 'campaign', 'vector'])) {
    const content =
      row['deleted'] === true ? [null, null] : [(row['campaign'] as string[]).join(''), bytesOf(row)];
    yield `${composite('campaign', ...key)} ${composite(...content)}`;
  }
  yield* forgottenLines();
  const fields = ['occurred_at', 'campaign_id', 'locale', 'vector'];
  for await (const { key, row } of rowsOf(await linesOf('message'), fields)) {
    const [campaign_id, locale] = [String(row['campaign_id']) || null, String(row['locale']) || null];
    const content = [String(row['occurred_at']), campaign_id, locale, bytesOf(row)];
    yield `${composite('message', ...key)} ${composite(...content)}`;
  }
}
