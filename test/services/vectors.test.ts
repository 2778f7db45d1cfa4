import { randomUUID } from 'node:crypto';
import { MilvusClient } from '@zilliz/milvus2-sdk-node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import { checked, VectorsUnavailable } from '#backing/vectors/milvus/unavailable.ts';
import { type MilvusSettings, openMilvusVectors } from '#backing/vectors/milvus.ts';
import { type MessageVector, type Vectors, VersionMismatch } from '#backing/vectors/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import { topics } from '#contract/topics.ts';
import { forgettingVectors } from '../ports/forgetting.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { vectorsContract } from '../ports/vectors.contract.ts';
import { collect } from '../support/dump.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { newTenant } from '../support/tenant.ts';
import { onService } from './on-service.ts';

const { signal } = new AbortController();
const version: EmbeddingVersion = { id: 'test-v1', dimension: 4, metric: 'cosine', digest: 'test' };
const AXIS = Float32Array.of(1, 0, 0, 0);

function message(fields: Partial<MessageVector> & { tenant_id: string }): MessageVector {
  return {
    user_id: 'u',
    message_id: 'm',
    occurred_at: '2026-11-01T10:00:00.000Z',
    campaign_id: null,
    locale: null,
    lived_at: '2026-11-01T10:00:00.000Z',
    accepted_at: '2026-11-01T10:00:00.000Z',
    place: { topic: topics.events, partition: 0, offset: 0 },
    vector: AXIS,
    ...fields,
  };
}

function everything(tenant_id: string, of = version) {
  const range = { about_campaigns: false, from: '0000', before: '9999' };
  return { tenant_id, version: of, vectors: [AXIS.slice(0, of.dimension)], k: 50, ...range };
}

async function idsIn(vectors: Vectors, tenant_id: string, of = version): Promise<string[]> {
  const [hits] = await vectors.nearestMessages(everything(tenant_id, of), signal);
  return (hits ?? []).map(({ message_id }) => message_id);
}

onService({ name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' }, (address) => {
  /** A client beside the one that is tested. */
  async function bystander(): Promise<MilvusClient> {
    const client = new MilvusClient({ address, logLevel: 'error', telemetry: { enabled: false } });
    onTestFinished(async () => void (await client.closeConnection()));
    await client.connectPromise;
    return client;
  }

  async function namesOf(client: MilvusClient, prefix: string): Promise<string[]> {
    const { data } = await client.showCollections();
    return data.map(({ name }) => name).filter((name) => name.startsWith(`${prefix}_`));
  }

  /** Beside them stands who was forgotten. */
  const messagesOf = async (client: MilvusClient, prefix: string) =>
    (await namesOf(client, prefix)).filter((name) => name.startsWith(`${prefix}_messages_`));

  /** A prefix that no other test or run has; its collections are dropped when the test has finished. */
  function newPrefix(): string {
    const prefix = `test_${randomUUID().replaceAll('-', '')}`;
    onTestFinished(async () => {
      const client = new MilvusClient({ address, logLevel: 'error', telemetry: { enabled: false } });
      for (const name of await namesOf(client, prefix))
        await client.dropCollection({ collection_name: name });
      await client.closeConnection();
    });
    return prefix;
  }

  async function open(settings: Partial<MilvusSettings> = {}) {
    const reports: object[] = [];
    const vectors = await openMilvusVectors({
      address,
      prefix: settings.prefix ?? newPrefix(),
      history_before: '2026-09',
      partitions: 2,
      clock: Date.now,
      report: (line) => reports.push(line),
      ...settings,
    });
    onTestFinished(() => vectors.close());
    return { vectors, reports };
  }

  async function throughProxy(settings: Partial<MilvusSettings> = {}) {
    const { hostname, port } = new URL(`tcp://${address}`);
    const proxy = await faultProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    return { proxy, ...(await open({ address: `127.0.0.1:${proxy.port}`, ...settings })) };
  }

  vectorsContract({ name: 'milvus', open: async () => (await open()).vectors });
  forgettingVectors({ name: 'milvus', open: async () => (await open()).vectors, runs: 6 });

  describe('the vectors: milvus', () => {
    test('messages stand in a collection per month, what is old in one; a search touches those of its time', async () => {
      const [client, tenant_id, prefix] = [await bystander(), newTenant(), newPrefix()];
      const { vectors } = await open({ prefix });
      const moments = ['2019-03-01', '2026-08-31', '2026-09-01', '2026-09-30', '2026-11-05'];
      await vectors.putMessages(
        version,
        moments.map((day) => message({ tenant_id, message_id: day, occurred_at: `${day}T10:00:00.000Z` })),
        signal,
      );
      const names = (await messagesOf(client, prefix)).sort();
      const endings = names.map((name) => name.replace(/^.*_[0-9a-f]{10}_/, ''));
      expect(endings).toEqual(['before_2026_09', 'in_2026_09', 'in_2026_11']);
      expect(await idsIn(vectors, tenant_id)).toEqual(moments);

      await client.dropCollection({ collection_name: names[1] as string });
      expect(await idsIn(vectors, tenant_id)).toEqual([moments[0], moments[1], moments[4]]);
      const [found] = await vectors.messages(version, tenant_id, 'u', ['2026-09-01'], signal);
      expect(found).toBeNull();
      const again = message({ tenant_id, message_id: 'again', occurred_at: '2026-09-02T10:00:00.000Z' });
      await vectors.putMessages(version, [again], signal);
      expect(await idsIn(vectors, tenant_id)).toContain('again');
    });

    test('an identity whose events occurred in two months stands in one of them, also where a write was cut off', async () => {
      const [client, tenant_id, prefix] = [await bystander(), newTenant(), newPrefix()];
      const { vectors } = await open({ prefix });
      const at = (occurred_at: string, offset: number) =>
        message({ tenant_id, occurred_at, place: { topic: topics.events, partition: 0, offset } });
      const [late, early] = [at('2026-10-01T10:00:00.000Z', 9), at('2026-11-01T10:00:00.000Z', 3)];
      await vectors.putMessages(version, [late], signal);
      const [name] = (await messagesOf(client, prefix)) as [string];
      const [row] = (await client.query({ collection_name: name, filter: 'pk >= "0"', output_fields: ['*'] }))
        .data;
      await vectors.putMessages(version, [early], signal);
      const hits = async () => (await vectors.nearestMessages(everything(tenant_id), signal))[0];
      expect(await hits()).toMatchObject([{ occurred_at: early.occurred_at }]);

      // As if the write had ended before it removed the later one.
      await client.upsert({ collection_name: name, data: [row ?? {}] });
      expect(await hits()).toHaveLength(2);
      await vectors.putMessages(version, [early], signal);
      expect(await hits()).toMatchObject([{ occurred_at: early.occurred_at }]);
    });

    test('what another process put is found, in collections that it made as well', async () => {
      const [prefix, tenant_id] = [newPrefix(), newTenant()];
      let now = 0;
      const [{ vectors: one }, { vectors: two }] = [
        await open({ prefix }),
        await open({ prefix, clock: () => now }),
      ];
      expect(await idsIn(two, tenant_id)).toEqual([]);
      await one.putMessages(version, [message({ tenant_id })], signal);
      now += 10_000;
      expect(await idsIn(two, tenant_id)).toEqual(['m']);
      await two.putMessages(version, [message({ tenant_id, message_id: 'n' })], signal);
      expect(await idsIn(one, tenant_id)).toEqual(['m', 'n']);
    });

    test('many that write at once make each collection once, and lose nothing', async () => {
      const [prefix, tenant_id] = [newPrefix(), newTenant()];
      const stores = await Promise.all([1, 2].map(() => open({ prefix })));
      const ids = Array.from({ length: 12 }, (_, at) => `m${at}`);
      await Promise.all(
        ids.map((message_id, at) => {
          const place = { topic: topics.events, partition: at % 3, offset: at };
          const { vectors } = stores[at % 2] as (typeof stores)[number];
          return vectors.putMessages(version, [message({ tenant_id, message_id, place })], signal);
        }),
      );
      const { vectors } = await open({ prefix });
      expect(await idsIn(vectors, tenant_id)).toEqual([...ids].sort());
    });

    test('the same id with another model is refused', async () => {
      const [prefix, tenant_id] = [newPrefix(), newTenant()];
      await (await open({ prefix })).vectors.putMessages(version, [message({ tenant_id })], signal);
      const { vectors } = await open({ prefix });
      const other = { ...version, digest: 'another' };
      await expect(vectors.putMessages(other, [message({ tenant_id })], signal)).rejects.toThrow(
        VersionMismatch,
      );
      await expect(vectors.nearestMessages(everything(tenant_id, other), signal)).rejects.toThrow(
        VersionMismatch,
      );
      expect(await idsIn(vectors, tenant_id)).toEqual(['m']);
    });

    test('ids that differ in odd signs only are versions of their own', async () => {
      const [{ vectors }, tenant_id] = [await open(), newTenant()];
      const ids = ['a-b', 'a_b', 'a.b', `${'x'.repeat(80)}1`, `${'x'.repeat(80)}2`];
      for (const id of ids) {
        await vectors.putMessages({ ...version, id }, [message({ tenant_id, message_id: id })], signal);
      }
      for (const id of ids) expect(await idsIn(vectors, tenant_id, { ...version, id })).toEqual([id]);
    });

    test('its dump is that of the embedded store, line by line', async () => {
      const [{ vectors }, { vectors: embedded }, tenant_id] = [
        await open(),
        await embeddedStores(),
        newTenant(),
      ];
      const text = '\u0001👩🏽‍🚀'.repeat(1_500);
      for (const store of [vectors, embedded]) {
        const rows = Array.from({ length: 700 }, (_, at) => {
          const vector = Float32Array.of(Math.sin(at), Math.cos(at * 7), Math.sin(at * 3) / 3, 0.1);
          const occurred_at = `2026-${at % 2 ? '10' : '07'}-05T10:00:00.000Z`;
          return message({
            tenant_id,
            message_id: `m${at}`,
            occurred_at,
            vector,
            locale: at % 3 ? 'de' : null,
          });
        });
        await store.putMessages(version, rows, signal);
        const campaign: Campaign = {
          campaign_id: 'c',
          title: 't',
          text,
          tags: [],
          locales: ['de'],
          status: 'active',
          starts_at: null,
          ends_at: null,
          boost: 1,
          attributes: { a: 1 },
        };
        const of = { tenant_id, version: 4 };
        const deleted = { ...of, campaign_id: 'd', campaign: null };
        await store.putCampaigns(
          version,
          [{ ...of, campaign_id: 'c', campaign, vector: AXIS }, deleted],
          signal,
        );
      }
      const lines = await collect(vectors.dump());
      expect(lines).toHaveLength(702);
      expect(lines).toEqual(await collect(embedded.dump()));
    });

    test('a connection that is cut fails with a code or not at all, and is used again', async () => {
      const tenant_id = newTenant();
      const { vectors, proxy } = await throughProxy();
      await vectors.putMessages(version, [message({ tenant_id })], signal);
      const running = Array.from({ length: 8 }, (_, at) =>
        vectors
          .putMessages(version, [message({ tenant_id, message_id: `n${at}` })], signal)
          .then(() => [`n${at}`])
          .catch((error) => {
            expect(error).toMatchObject({ code: expect.stringMatching(/^vectors_/), retryable: true });
            return [];
          }),
      );
      proxy.cut();
      const kept = (await Promise.all(running)).flat();
      await expect.poll(() => idsIn(vectors, tenant_id).catch(() => []), { timeout: 20_000 }).toContain('m');
      expect(await idsIn(vectors, tenant_id)).toEqual(expect.arrayContaining(kept));
    });

    test('a server that refuses fails with a code, and is used again once it is back', async () => {
      const tenant_id = newTenant();
      const { vectors, proxy } = await throughProxy();
      await vectors.putMessages(version, [message({ tenant_id })], signal);
      proxy.refuse();
      for (const asking of [
        () => vectors.putMessages(version, [message({ tenant_id, message_id: 'n' })], signal),
        () => vectors.nearestMessages(everything(tenant_id), signal),
        () => vectors.messages(version, tenant_id, 'u', ['m'], signal),
      ])
        await expect(asking()).rejects.toMatchObject({ code: 'vectors_unavailable', retryable: true });
      proxy.heal();
      await expect.poll(() => idsIn(vectors, tenant_id).catch(() => []), { timeout: 20_000 }).toEqual(['m']);
    });

    test('a server that hangs is given up at the limit, with a code; the connection is made anew without it', async () => {
      const tenant_id = newTenant();
      const { vectors, proxy, reports } = await throughProxy({ search_ms: 300, connect_ms: 1_000 });
      await vectors.putMessages(version, [message({ tenant_id })], signal);
      proxy.blackHole();
      const hung = vectors.nearestMessages(everything(tenant_id), signal);
      await expect(hung).rejects.toMatchObject({ code: 'vectors_timeout', retryable: true });
      await expect.poll(() => reports.length, { timeout: 20_000 }).toBeGreaterThan(0);
      proxy.heal();
      await expect.poll(() => idsIn(vectors, tenant_id).catch(() => []), { timeout: 20_000 }).toEqual(['m']);
    });

    test('a search honours its deadline, and the next one is answered', async () => {
      const tenant_id = newTenant();
      const { vectors, proxy } = await throughProxy({ search_ms: 60_000 });
      await vectors.putMessages(version, [message({ tenant_id })], signal);
      proxy.delay(5_000);
      const deadline = AbortSignal.timeout(50);
      const searching = vectors.nearestMessages(everything(tenant_id), deadline);
      const error = await searching.catch((thrown: unknown) => thrown);
      expect(error).toBe(deadline.reason);
      proxy.heal();
      await expect.poll(() => idsIn(vectors, tenant_id).catch(() => []), { timeout: 20_000 }).toEqual(['m']);
    });

    test('what cannot be reached, or is no prefix or month, is refused at the start', async () => {
      const opening = open({ prefix: 'nowhere', address: '127.0.0.1:1', connect_ms: 1_000 });
      await expect(opening).rejects.toMatchObject({
        code: expect.stringMatching(/^vectors_(unavailable|timeout)$/),
      });
      await expect(open({ prefix: 'a-b' })).rejects.toThrow('no prefix');
      await expect(open({ prefix: 'a', history_before: '2026-13' })).rejects.toThrow('no month');
    });

    test('neither what is asked nor what is answered is written out as text', async () => {
      const { vectors } = await open();
      const tenant_id = newTenant();
      await vectors.putMessages(version, [message({ tenant_id })], signal);
      const text = vi.spyOn(JSON, 'stringify');
      onTestFinished(() => text.mockRestore());
      expect(await idsIn(vectors, tenant_id)).toEqual(['m']);
      const told = text.mock.calls.flatMap(([value]) => Object.keys((value as object | null) ?? {}));
      expect(told.filter((name) => ['placeholder_group', 'results', 'dsl'].includes(name))).toEqual([]);
    });

    test('what Milvus refuses is told as such, and the words of the refusal are not in its message', async () => {
      const { vectors } = await open();
      const wrong = message({ tenant_id: newTenant(), user_id: 'secret'.repeat(40) });
      const error = await vectors.putMessages(version, [wrong], signal).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'vectors_refused', retryable: false });
      expect(String(error)).not.toContain('secret');
    });
  });
});

describe('an answer of Milvus', () => {
  test('is a success only where both of its error fields say so', () => {
    const of = (fields: object) => () => checked({ status: { error_code: 'Success', code: 0, ...fields } });
    expect(of({})().status).toMatchObject({ code: 0 });
    expect(of({ code: 1 })).toThrow(VectorsUnavailable);
    expect(of({ error_code: 'UnexpectedError' })).toThrow(VectorsUnavailable);
    expect(of({ error_code: 5 })).toThrow(VectorsUnavailable);
    expect(() => checked({ error_code: 'Success', code: 1 })).toThrow(VectorsUnavailable);
    for (const answer of [{}, null, undefined, { status: null }]) {
      expect(() => checked(answer)).toThrow('without a status');
    }
  });
});
