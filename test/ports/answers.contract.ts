import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answers, EpochOwner } from '#backing/answers/port.ts';
import type { Answer } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import type { Epochs } from '#contract/epoch.ts';
import { composite } from '#contract/ids.ts';
import { ODD_IDS } from '../support/arbitraries.ts';
import { newTenant } from '../support/tenant.ts';

export type AnswersSubject = {
  name: string;
  /** Empty answers and epochs that share nothing with any others; closed when the test has finished. */
  open(options: { clock: Clock }): Promise<Answers>;
};

const { signal } = new AbortController();
const NOW = Date.parse('2026-11-01T10:00:00Z');

/** An answer as the origin would keep it, for a minute. */
export function answerUnder(epochs: Epochs, fields: Partial<Answer> = {}): Answer {
  return {
    format: 1,
    epochs,
    created_ms: NOW,
    until_ms: NOW + 60_000,
    degraded: [],
    body: '{"items":[]}',
    etag: '"1"',
    ...fields,
  };
}

/** What all answers and epochs hold to. */
export function answersContract({ name, open }: AnswersSubject): void {
  describe(`the answers: ${name}`, () => {
    /** Answers whose clock stands, until it is moved. */
    async function setUp() {
      const time = { now: NOW };
      const answers = await open({ clock: () => time.now });
      const owner: EpochOwner = { tenant_id: newTenant(), user_id: 'u' };
      const ofTenant: EpochOwner = { ...owner, user_id: null };
      const key = composite(owner.tenant_id, owner.user_id, 'key');
      const read = ({ tenant_id, user_id } = owner) => answers.read(tenant_id, user_id, signal);
      const get = async () => (await answers.get(owner, key, signal)).answer;
      const put = (answer: Answer) => answers.put(owner, key, answer, signal);
      return { time, answers, owner, ofTenant, key, read, get, put };
    }

    test('an answer comes back as it was put, whatever its text', async () => {
      const { read, get, put } = await setUp();
      const epochs = await read();
      const text = fc.string({ unit: 'binary' });
      const kept = fc.record({ body: text, etag: text, degraded: fc.array(text), created_ms: fc.nat() });
      await fc.assert(
        fc.asyncProperty(kept, async (fields) => {
          const answer = answerUnder({ ...epochs, user: epochs.user + 1 }, fields);
          await put(answer);
          expect(await get()).toEqual(answer);
        }),
      );
    });

    test('where nothing was kept there is no answer, and there are epochs', async () => {
      const { answers, owner, read } = await setUp();
      for (const key of ODD_IDS) {
        expect(await answers.get(owner, key, signal)).toEqual({ epochs: await read(), answer: null });
      }
    });

    test('answers under other keys are other answers', async () => {
      const { answers, owner, read } = await setUp();
      const epochs = await read();
      for (const id of ODD_IDS) {
        await answers.put(owner, composite(owner.tenant_id, id), answerUnder(epochs, { body: id }), signal);
      }
      for (const id of ODD_IDS) {
        const { answer } = await answers.get(owner, composite(owner.tenant_id, id), signal);
        expect(answer?.body).toBe(id);
      }
    });

    test('an answer is given until it ends, and never after', async () => {
      const { time, read, get, put } = await setUp();
      const answer = answerUnder(await read());
      await put(answer);
      time.now = answer.until_ms - 1;
      expect(await get()).toEqual(answer);
      time.now = answer.until_ms;
      expect(await get()).toBeNull();
      time.now = answer.until_ms + 3600_000;
      expect(await get()).toBeNull();
    });

    test('an answer that has ended when it is put is not given', async () => {
      const { read, get, put } = await setUp();
      await put(answerUnder(await read(), { until_ms: NOW }));
      expect(await get()).toBeNull();
    });

    test('a good answer replaces whatever is kept', async () => {
      const { read, get, put } = await setUp();
      const epochs = await read();
      await put(answerUnder(epochs, { body: 'degraded', degraded: ['vectors'] }));
      await put(answerUnder(epochs, { body: 'good' }));
      expect((await get())?.body).toBe('good');
      await put(answerUnder(epochs, { body: 'better' }));
      expect((await get())?.body).toBe('better');
    });

    test('a degraded answer never replaces a good one that still holds', async () => {
      const { read, get, put } = await setUp();
      const epochs = await read();
      await put(answerUnder(epochs, { body: 'good' }));
      await put(answerUnder(epochs, { body: 'degraded', degraded: ['vectors'] }));
      expect((await get())?.body).toBe('good');
    });

    test('a degraded answer replaces a good one that has ended, or whose epochs have changed', async () => {
      const { time, answers, owner, ofTenant, read, get, put } = await setUp();
      for (const raised of [owner, ofTenant]) {
        await put(answerUnder(await read(), { body: 'good' }));
        await answers.raise([raised], signal);
        await put(answerUnder(await read(), { body: 'degraded', degraded: ['vectors'] }));
        expect((await get())?.body).toBe('degraded');
      }
      await put(answerUnder(await read(), { body: 'good' }));
      time.now += 60_000;
      const until_ms = time.now + 5000;
      await put(answerUnder(await read(), { body: 'degraded', degraded: ['vectors'], until_ms }));
      expect((await get())?.body).toBe('degraded');
    });

    test('a degraded answer replaces another', async () => {
      const { read, get, put } = await setUp();
      const epochs = await read();
      await put(answerUnder(epochs, { body: 'first', degraded: ['vectors'] }));
      await put(answerUnder(epochs, { body: 'second', degraded: ['profile'] }));
      expect((await get())?.body).toBe('second');
    });

    test('the kept answer is given whatever its epochs, beside the epochs of now', async () => {
      const { answers, owner, key, read, put } = await setUp();
      const begun = await read();
      await put(answerUnder(begun));
      await answers.raise([owner], signal);
      const { epochs, answer } = await answers.get(owner, key, signal);
      expect(answer?.epochs).toEqual(begun);
      expect(epochs).toEqual(await read());
      expect(epochs.user).toBeGreaterThan(begun.user);
    });

    test('an epoch stays what it is while nobody raises it', async () => {
      const { time, read } = await setUp();
      const epochs = await read();
      time.now += 3600_000;
      expect(await read()).toEqual(epochs);
    });

    test("raising a person's epoch changes theirs alone, raising the tenant's that of all its people", async () => {
      const { answers, owner, ofTenant, read } = await setUp();
      const neighbour = { ...owner, user_id: 'v' };
      const stranger = { ...owner, tenant_id: newTenant() };
      const before = await Promise.all([owner, neighbour, stranger].map(read));
      await answers.raise([owner], signal);
      const between = await Promise.all([owner, neighbour, stranger].map(read));
      expect(between[0]?.user).toBeGreaterThan(before[0]?.user as number);
      expect(between[0]?.tenant).toBe(before[0]?.tenant);
      expect(between.slice(1)).toEqual(before.slice(1));
      await answers.raise([ofTenant], signal);
      const after = await Promise.all([owner, neighbour, stranger].map(read));
      for (const at of [0, 1]) {
        expect(after[at]?.tenant).toBeGreaterThan(before[at]?.tenant as number);
        expect(after[at]?.user).toBe(between[at]?.user);
      }
      expect(after[2]).toEqual(before[2]);
    });

    test("without a person the tenant's epoch is read alone", async () => {
      const { ofTenant, read } = await setUp();
      expect(await read(ofTenant)).toEqual({ user: 0, tenant: (await read()).tenant });
    });

    test('an epoch is raised to now, or past what it was where that is later', async () => {
      const { time, answers, owner, read } = await setUp();
      time.now = NOW + 5000;
      await answers.raise([owner], signal);
      expect((await read()).user).toBe(NOW + 5000);
      await answers.raise([owner, owner], signal);
      expect((await read()).user).toBe(NOW + 5002);
      time.now = NOW - 5000;
      await answers.raise([owner], signal);
      expect((await read()).user).toBe(NOW + 5003);
    });

    test('epochs never turn back and change at every raise, however the clock jumps', async () => {
      const { time, answers } = await setUp();
      const tenants = [newTenant(), newTenant()];
      const owner = fc.record({
        tenant_id: fc.constantFrom(...tenants),
        user_id: fc.option(fc.constantFrom('__proto__', '|trey|', '","', 'null'), { nil: null }),
      });
      const epochOf = async ({ tenant_id, user_id }: EpochOwner) => {
        const { user, tenant } = await answers.read(tenant_id, user_id, signal);
        return user_id === null ? tenant : user;
      };
      const steps = fc.array(
        fc.record({
          owners: fc.uniqueArray(owner, {
            minLength: 1,
            maxLength: 4,
            selector: (o) => composite(o.tenant_id, o.user_id),
          }),
          ms: fc.integer({ min: -9999, max: 9999 }),
        }),
        { maxLength: 12 },
      );
      const everyone = [null, '__proto__', '|trey|', '","', 'null'].flatMap((user_id) =>
        tenants.map((tenant_id) => ({ tenant_id, user_id })),
      );
      await fc.assert(
        fc.asyncProperty(steps, async (steps) => {
          for (const { owners, ms } of steps) {
            time.now += ms;
            const named = new Set(owners.map((one) => composite(one.tenant_id, one.user_id)));
            const before = await Promise.all(everyone.map(epochOf));
            await answers.raise(owners, signal);
            const after = await Promise.all(everyone.map(epochOf));
            for (const [at, one] of everyone.entries()) {
              const isRaised = named.has(composite(one.tenant_id, one.user_id));
              if (isRaised) expect(after[at]).toBeGreaterThan(before[at] as number);
              else expect(after[at]).toBe(before[at]);
            }
          }
        }),
        { numRuns: 50 },
      );
    });

    test('raises at the same time are not lost', async () => {
      const { answers, owner, read } = await setUp();
      const { user } = await read();
      await Promise.all(Array.from({ length: 20 }, () => answers.raise([owner], signal)));
      expect((await read()).user).toBeGreaterThanOrEqual(user + 20);
    });

    test('an aborted call rejects, and changes nothing', async () => {
      const { answers, owner, key, read, get } = await setUp();
      const [before, aborted] = [await read(), AbortSignal.abort()];
      await expect(answers.put(owner, key, answerUnder(before), aborted)).rejects.toThrow();
      await expect(answers.raise([owner], aborted)).rejects.toThrow();
      await expect(answers.get(owner, key, aborted)).rejects.toThrow();
      await expect(answers.read(owner.tenant_id, owner.user_id, aborted)).rejects.toThrow();
      expect(await get()).toBeNull();
      expect(await read()).toEqual(before);
    });
  });
}
