import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { caughtUp } from '#backing/log/caught-up.ts';
import type { KafkaLogOptions } from '#backing/log/kafka/settings.ts';
import type { Log, LogRecord, Message, Place } from '#backing/log/port.ts';
import { topics } from '#contract/topics.ts';
import { inbox } from '../ports/log.inbox.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { onService } from './on-service.ts';
import { fresh, newPrefix, openTestLog, testOptions } from './support-kafka.ts';
import { ownBroker } from './support-kafka-broker.ts';

const { signal } = new AbortController();
const total = (offsets: readonly number[]) => offsets.reduce((sum, offset) => sum + offset, 0);

async function recordAt(log: Log, place: Place): Promise<LogRecord | undefined> {
  return (await log.read(place, 1, signal))[0];
}

/** Appends one message after the other in several rows at once, until told to end. What was acknowledged. */
function keepAppending(log: Log, rows: number) {
  const acknowledged: { message: Message; place: Place }[] = [];
  const failures: { code?: string; retryable?: boolean }[] = [];
  let isOver = false;
  const row = async (name: string) => {
    for (let at = 0; !isOver; at++) {
      const [message] = fresh(1, () => `${name} ${at}`) as [Message];
      try {
        const [place] = (await log.append(topics.events, [message], signal)) as [Place];
        acknowledged.push({ message, place });
      } catch (error) {
        failures.push(error as object);
      }
    }
  };
  const appending = Promise.all(Array.from({ length: rows }, (_, at) => row(`${at}`)));
  return {
    acknowledged,
    failures,
    async end() {
      isOver = true;
      await appending;
    },
    until: (count: number) =>
      vi.waitFor(() => expect(acknowledged.length).toBeGreaterThanOrEqual(count), {
        timeout: 60_000,
        interval: 5,
      }),
  };
}

async function expectAllThere(log: Log, acknowledged: readonly { message: Message; place: Place }[]) {
  const ends = await log.ends(topics.events, signal);
  const parts = ends.map((end, partition) =>
    log.read({ topic: topics.events, partition, offset: 0 }, end, signal),
  );
  const records = new Map(
    (await Promise.all(parts)).flat().map((one) => [`${one.partition} ${one.offset}`, one]),
  );
  for (const { message, place } of acknowledged) {
    expect(records.get(`${place.partition} ${place.offset}`)?.key).toBe(message.key);
  }
}

onService({ name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' }, (addresses) => {
  const brokers = addresses.split(',');
  const prefix = newPrefix(brokers);

  /** A log on a way that can be made bad, and one on a good way. */
  async function twoWays(options: Partial<KafkaLogOptions> = {}) {
    const [host, port] = (brokers[0] as string).split(':') as [string, string];
    const proxy = await faultProxy({ host, port: Number(port) });
    onTestFinished(() => proxy.close());
    const own = { ...testOptions(brokers, `${prefix}${randomUUID()}.`), close_timeout_ms: 2_000 };
    const direct = await openTestLog(own);
    const route = () => ({ host: '127.0.0.1', port: proxy.port });
    const { log, reports } = await openTestLog({ ...own, route, ...options });
    return { proxy, log, reports, direct: direct.log, prefix: own.prefix as string };
  }

  describe('the log on a bad way to Kafka', () => {
    test('an append whose acknowledgement is cut off is acknowledged in the end, and stands on the log once', async () => {
      const { proxy, log, direct } = await twoWays();
      await log.append(topics.events, fresh(1), signal);
      const before = total(await direct.ends(topics.events, signal));
      proxy.delay(500);
      const messages = fresh(40);
      const appending = log.append(topics.events, messages, signal);
      await vi.waitFor(
        async () => expect(total(await direct.ends(topics.events, signal))).toBe(before + 40),
        {
          timeout: 30_000,
          interval: 5,
        },
      );
      proxy.cut();
      proxy.delay(0);
      const places = await appending;
      expect(total(await direct.ends(topics.events, signal))).toBe(before + 40);
      for (const [at, place] of places.entries()) {
        expect((await recordAt(direct, place))?.key).toBe(messages[at]?.key);
      }
    });

    test('after an append that was written but never acknowledged, the next is not taken for its repetition', async () => {
      const { proxy, log, direct } = await twoWays({ delivery_timeout_ms: 1_000 });
      const one = () => fresh(1, () => 'one').map(({ value }) => ({ key: 'one', value }));
      await log.append(topics.events, one(), signal);
      const before = total(await direct.ends(topics.events, signal));
      proxy.delay(400);
      const lost = expect(log.append(topics.events, one(), signal)).rejects.toMatchObject({
        code: 'log_unavailable',
        retryable: true,
        cause: expect.any(Error),
      });
      await vi.waitFor(async () => expect(total(await direct.ends(topics.events, signal))).toBe(before + 1), {
        timeout: 30_000,
        interval: 5,
      });
      proxy.refuse();
      await lost;
      proxy.heal();
      const message = { key: 'one', value: Buffer.from('the next') };
      const [place] = (await log.append(topics.events, [message], signal)) as [Place];
      expect(Buffer.from((await recordAt(direct, place))?.value as Uint8Array).toString()).toBe('the next');
      expect(total(await direct.ends(topics.events, signal))).toBe(before + 2);
    });

    test('while nothing comes through, appends fail with a code, are bounded in bytes, and can be given up', async () => {
      const { proxy, log, direct } = await twoWays({ delivery_timeout_ms: 1_500, pending_bytes: 10_000 });
      await log.append(topics.events, fresh(1), signal);
      proxy.blackHole();
      const large: Message = { key: 'large', value: new Uint8Array(8_000) };
      const failing = expect(log.append(topics.events, [large], signal)).rejects.toMatchObject({
        code: 'log_unavailable',
        retryable: true,
      });
      await expect(log.append(topics.events, [large], signal)).rejects.toMatchObject({
        code: 'log_overloaded',
        retryable: true,
      });
      const gone = new AbortController();
      const given = expect(log.append(topics.events, fresh(1), gone.signal)).rejects.toThrow('gone');
      gone.abort(new Error('gone'));
      await given;
      await expect(log.ends(topics.events, AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
      await failing;
      proxy.heal();
      const [place] = (await log.append(topics.events, [large], signal)) as [Place];
      expect((await recordAt(direct, place))?.key).toBe('large');
      expect((await recordAt(log, place))?.key).toBe('large');
    });

    test('connections cut again and again lose nothing acknowledged, and nothing that is to be handled', async () => {
      const { proxy, log, direct } = await twoWays();
      const handled = new Set<string>();
      await log.consume({
        group: 'reader',
        topics: [topics.events],
        max_records: 7,
        handle: async ({ records }) => records.forEach(({ key }) => void handled.add(key)),
        onError: () => {},
      });
      const appending = keepAppending(log, 8);
      for (let cut = 1; cut <= 8; cut++) {
        await appending.until(appending.acknowledged.length + 50);
        proxy.cut();
      }
      await appending.end();
      const { acknowledged, failures } = appending;
      for (const failure of failures)
        expect(failure).toMatchObject({ code: 'log_unavailable', retryable: true });
      await expectAllThere(direct, acknowledged);
      await caughtUp(direct, 'reader', [topics.events], signal);
      await vi.waitFor(() =>
        expect(acknowledged.filter(({ message }) => !handled.has(message.key))).toEqual([]),
      );
    });

    test('whoever asks is answered, however often the connection is taken away by what others ask', async () => {
      const { log } = await twoWays();
      let joined = false;
      await log.consume({
        group: 'reader',
        topics: [topics.events],
        max_records: 1,
        handle: async () => {
          joined = true;
        },
        onError: () => {},
      });
      const [place] = (await log.append(topics.events, fresh(1), signal)) as [Place];
      await vi.waitFor(() => expect(joined).toBe(true), { timeout: 30_000 });
      const start = { topic: topics.events, partition: 0, offset: 0 };
      // A group that has members keeps its own offsets: the broker refuses, after which the connection is given up.
      const refused = Array.from({ length: 5 }, () => log.moveTo('reader', start, signal));
      const asked = Array.from({ length: 20 }, () => log.ends(topics.events, signal));
      for (const outcome of await Promise.allSettled(refused)) expect(outcome.status).toBe('rejected');
      for (const ends of await Promise.all(asked)) expect(ends[place.partition]).toBe(place.offset + 1);
    });

    test('a consumer cut off in mid-batch commits it, or is handed the same records again', async () => {
      const { proxy, log, direct } = await twoWays();
      const messages = fresh(30, () => 'one').map(({ value }) => ({ key: 'one', value }));
      await log.append(topics.events, messages, signal);
      const got = inbox<number>(signal);
      await log.consume({
        group: 'reader',
        topics: [topics.events],
        max_records: 10,
        async handle({ records }) {
          if (got.items.length === 0) proxy.cut();
          for (const { offset } of records) got.push(offset);
        },
        onError: () => {},
      });
      await caughtUp(direct, 'reader', [topics.events], signal);
      const first = [...new Set(got.items)];
      expect(first).toEqual(messages.map((_, at) => at));
    });

    test('a consumer that nobody hears of any more finds its batch stale, and commits nothing', async () => {
      const { proxy, log, direct } = await twoWays({ session_timeout_ms: 6_000 });
      await log.append(topics.events, fresh(50), signal);
      const began = inbox<LogRecord>(signal);
      const aborted = Promise.withResolvers<void>();
      const group = { group: 'reader', topics: [topics.events], max_records: 5, onError: () => {} };
      const isStale: boolean[] = [];
      await log.consume({
        ...group,
        async handle(batch) {
          if (began.items.length > 0) return;
          began.push(batch.records[0] as LogRecord);
          batch.signal.addEventListener('abort', () => aborted.resolve());
          proxy.blackHole();
          await aborted.promise;
          isStale.push(batch.isStale());
        },
      });
      await began.until(({ length }) => length > 0);
      await aborted.promise;
      const { partition, offset } = began.items[0] as LogRecord;
      await vi.waitFor(() => expect(isStale).toEqual([true]));
      expect((await direct.committed('reader', topics.events, signal))[partition]).toBe(offset);
      const { stop } = await direct.consume({ ...group, handle: async () => {} });
      await caughtUp(direct, 'reader', [topics.events], signal);
      await stop();
      proxy.heal();
    });

    test('a consumer that has lost its place takes a new one, whatever it had paused', async () => {
      const { proxy, log, direct, reports } = await twoWays({ session_timeout_ms: 6_000 });
      const [bad] = (await log.append(topics.events, fresh(1), signal)) as [Place];
      const got = inbox<string>(signal);
      const failures = inbox<unknown>(signal);
      await log.consume({
        group: 'reader',
        topics: [topics.events],
        max_records: 10,
        async handle({ partition, records }) {
          if (partition === bad.partition && failures.items.length < 1)
            throw Object.assign(new Error('no such thing'), { retryable: false });
          for (const { key } of records) got.push(key);
        },
        onError: (error) => failures.push(error),
      });
      await failures.until(({ length }) => length === 1);
      proxy.refuse();
      const isLost = ({ message }: { message?: unknown }) => `${message}`.includes('lost its place');
      await vi.waitFor(() => expect(reports.some(isLost)).toBe(true), { timeout: 60_000, interval: 20 });
      proxy.heal();
      const messages = fresh(50);
      await direct.append(topics.events, messages, signal);
      await got.until((keys) => messages.every(({ key }) => keys.includes(key)));
      await caughtUp(direct, 'reader', [topics.events], signal);
    });

    test('the report tells of trouble, and holds neither values nor passwords', async () => {
      const password = 'a password that nobody may see';
      const sasl = { mechanism: 'plain', username: 'ann', password } as const;
      const reports: object[] = [];
      const options = { ...testOptions(brokers, prefix), sasl, report: (line: object) => reports.push(line) };
      await expect(openTestLog(options)).rejects.toMatchObject({ code: 'log_misconfigured' });
      const { proxy, log, reports: others } = await twoWays();
      await log.append(
        topics.events,
        [{ key: 'k', value: Buffer.from('a value that nobody may see') }],
        signal,
      );
      proxy.refuse();
      await expect(log.ends(topics.events, AbortSignal.timeout(500))).rejects.toThrow();
      const all = JSON.stringify([reports, others]);
      expect(others.length).toBeGreaterThan(0);
      expect(all).not.toMatch(/nobody may see/);
    });
  });

  test('a process that stood still past its session finds its batch stale at once, and commits nothing', async () => {
    const own = `${prefix}${randomUUID()}.`;
    const { log } = await openTestLog({ ...testOptions(brokers, own), session_timeout_ms: 6_000 });
    await log.append(topics.events, fresh(100), signal);
    const file = fileURLToPath(new URL('./support-kafka-member.ts', import.meta.url));
    const child = spawn(process.execPath, [file, brokers[0] as string, own, 'reader', '6000'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value as string);
    expect(await next()).toMatchObject({ stale: false });

    child.kill('SIGSTOP');
    const { stop } = await log.consume({
      group: 'reader',
      topics: [topics.events],
      max_records: 50,
      handle: async () => {},
      onError: () => {},
    });
    await caughtUp(log, 'reader', [topics.events], signal);
    const ends = await log.ends(topics.events, signal);
    child.stdin.write('go on\n');
    child.kill('SIGCONT');

    expect(await next()).toEqual({ stale: true, aborted: true });
    expect(await next()).toMatchObject({ closed: true });
    expect(await log.committed('reader', topics.events, signal)).toEqual(ends);
    await stop();
  });

  test('a broker killed during appends has every acknowledged record when it is back', async (context) => {
    const broker = await ownBroker();
    if (!broker) {
      console.warn('SKIPPED, no broker of its own: run npm run services -- up kafka, which installs one');
      return context.skip();
    }
    const { log } = await openTestLog({ ...testOptions([broker.address], ''), session_timeout_ms: 6_000 });
    const handled = new Set<string>();
    await log.consume({
      group: 'reader',
      topics: [topics.events],
      max_records: 20,
      handle: async ({ records }) => records.forEach(({ key }) => void handled.add(key)),
      onError: () => {},
    });
    const appending = keepAppending(log, 8);
    for (let time = 1; time <= 2; time++) {
      await appending.until(appending.acknowledged.length + 200);
      await broker.kill();
      await broker.start();
    }
    await appending.until(appending.acknowledged.length + 200);
    await appending.end();
    for (const failure of appending.failures) expect(failure).toMatchObject({ retryable: true });
    await expectAllThere(log, appending.acknowledged);
    await caughtUp(log, 'reader', [topics.events], signal);
    await vi.waitFor(() =>
      expect(appending.acknowledged.filter(({ message }) => !handled.has(message.key))).toEqual([]),
    );
  });
});
