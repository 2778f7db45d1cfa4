import { describe, expect, it } from 'vitest';
import type { Log, Message } from '#backing/log/port.ts';
import { RecordRefused } from '#backing/record-refused.ts';
import { answeringGroups, groups, topics } from '#contract/topics.ts';
import { deadLetters } from '../../ingest/dead-letters/ledger.ts';
import { allRecords, ann, click, message, openGateway, server, signedRequest } from './signed-requests.ts';
import {
  campaignRecordOf,
  dumpsOf,
  never,
  openWorld,
  recordOf,
  runToEnd,
  viewsOf,
  type World,
} from './small-world.ts';

const unreadable = (user_id = 'ann'): Message => ({
  ...recordOf(click({ user_id })),
  value: Buffer.from('?'),
});

/** Counters that refuse batches with an event of that id, for as long as `isBroken`. */
function refusing({ stores }: World, message_id: string, isBroken: () => boolean) {
  return {
    ...stores.counters,
    async apply(...[events, signal]: Parameters<typeof stores.counters.apply>) {
      if (isBroken() && events.some(({ envelope }) => envelope.event.message_id === message_id)) {
        throw new RecordRefused('a value is wrong');
      }
      return stores.counters.apply(events, signal);
    },
  };
}

const ledgerOf = ({ log, clock }: World) => deadLetters({ log, clock });

async function cleanDumps(events: readonly object[]) {
  const world = openWorld();
  await world.log.append(
    topics.events,
    events.map((event) => recordOf(event)),
    never,
  );
  await runToEnd(world);
  return dumpsOf(world.stores);
}

describe('a record that a store will never take', () => {
  const events = Array.from({ length: 10_000 }, (_, at) =>
    click({ message_id: `c-${at}`, user_id: `u-${at % 17}` }),
  );

  it('is found among 10,000 and set apart with its origin, the 9,999 processed; redriven once that is mended, it is counted once', async () => {
    const world = openWorld();
    let broken = true;
    const counters = refusing(world, 'c-5000', () => broken);
    const views = viewsOf({ ...world.stores, log: world.log, counters });
    const places = await world.log.append(
      topics.events,
      events.map((event) => recordOf(event)),
      never,
    );
    expect(await runToEnd(world, { views })).toEqual([]);

    const ledger = ledgerOf(world);
    const { letters, total } = await ledger.list(never);
    expect(total).toBe(1);
    const [letter] = letters;
    expect(letter).toMatchObject({
      group: 'counters',
      ...places[5_000],
      code: 'record_refused',
      attempts: 1,
    });
    expect(await dumpsOf(world.stores)).toMatchObject({
      counters: (await cleanDumps(events.filter(({ message_id }) => message_id !== 'c-5000')))['counters'],
    });

    broken = false;
    expect(await ledger.redrive(letter?.id as string, never)).toBe(true);
    expect(await ledger.list(never)).toEqual({ letters: [], total: 0 });
    await runToEnd(world, { views });
    expect(await dumpsOf(world.stores)).toEqual(await cleanDumps(events));
    expect(await ledger.list(never)).toEqual({ letters: [], total: 0 });
  });

  it('that is redriven twice, as after a crash between the two writes of it, counts once', async () => {
    const world = openWorld();
    let broken = true;
    const views = viewsOf({
      ...world.stores,
      log: world.log,
      counters: refusing(world, 'm-2', () => broken),
    });
    await world.log.append(topics.events, [recordOf(click())], never);
    await runToEnd(world, { views });
    broken = false;
    const ledger = ledgerOf(world);
    const [{ id } = { id: '' }] = (await ledger.list(never)).letters;
    const crashing: Log = {
      ...world.log,
      append: async (topic, ...rest) => {
        if (topic === topics.deadLetters) throw new Error('killed');
        return world.log.append(topic, ...rest);
      },
    };
    await expect(deadLetters({ log: crashing, clock: world.clock }).redrive(id, never)).rejects.toThrow(
      'killed',
    );
    expect((await ledger.list(never)).total).toBe(1);
    expect(await ledger.redrive(id, never)).toBe(true);
    expect((await allRecords(world.log, topics.retry)).length).toBe(2);
    await runToEnd(world, { views });
    expect(await dumpsOf(world.stores)).toEqual(await cleanDumps([click()]));
  });

  it('that fails again is back, with one attempt more', async () => {
    const world = openWorld();
    const views = viewsOf({ ...world.stores, log: world.log, counters: refusing(world, 'm-2', () => true) });
    await world.log.append(topics.events, [recordOf(message()), recordOf(click())], never);
    await runToEnd(world, { views });
    const ledger = ledgerOf(world);
    for (const attempts of [1, 2, 3]) {
      const { letters, total } = await ledger.list(never);
      expect([total, letters[0]?.attempts]).toEqual([1, attempts]);
      await ledger.redrive(letters[0]?.id as string, never);
      await runToEnd(world, { views });
    }
  });

  it('a redriven campaign keeps its version: a newer one stays', async () => {
    const world = openWorld();
    let broken = true;
    const catalogue = {
      ...world.stores.catalogue,
      async put(...[entries, signal]: Parameters<typeof world.stores.catalogue.put>) {
        if (broken && entries.some(({ campaign }) => campaign?.title === 'old')) {
          throw new RecordRefused('a value is wrong');
        }
        return world.stores.catalogue.put(entries, signal);
      },
    };
    const views = viewsOf({ ...world.stores, log: world.log, catalogue });
    const campaigns = ['old', 'new'].map((title) => campaignRecordOf('c', { title, text: 'x' }));
    await world.log.append(topics.campaigns, campaigns, never);
    await runToEnd(world, { views });
    broken = false;
    const ledger = ledgerOf(world);
    for (const { id } of (await ledger.list(never)).letters) await ledger.redrive(id, never);
    await runToEnd(world, { views });
    expect((await world.stores.catalogue.get('acme', 'c', never))?.title).toBe('new');
  });
});

describe('dead letters', () => {
  it('are redriven for the group that passed them over, and for no other', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [unreadable()], never);
    await runToEnd(world);
    const ledger = ledgerOf(world);
    const { letters } = await ledger.list(never);
    expect(letters.map(({ group }) => group).sort()).toEqual(answeringGroups.sort());
    const { id } = letters.find(({ group }) => group === groups.counters) as { id: string };
    await ledger.redrive(id, never);
    await runToEnd(world);
    const now = (await ledger.list(never)).letters;
    expect(now.map(({ group, attempts }) => [group, attempts]).sort()).toEqual(
      answeringGroups.map((group) => [group, group === groups.counters ? 2 : 1]).sort(),
    );
  });

  it('that are dropped are gone, and the record with them', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [unreadable()], never);
    await runToEnd(world);
    const ledger = ledgerOf(world);
    const before = await ledger.list(never);
    for (const { id } of before.letters) expect(await ledger.drop(id, never)).toBe(true);
    expect(await ledger.list(never)).toEqual({ letters: [], total: 0 });
    for (const { id } of before.letters) {
      expect([await ledger.drop(id, never), await ledger.redrive(id, never)]).toEqual([false, false]);
    }
    expect(await allRecords(world.log, topics.retry)).toEqual([]);
  });

  it('can be found with the bytes that they hold', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [unreadable()], never);
    await runToEnd(world);
    const ledger = ledgerOf(world);
    const [{ id } = { id: '' }] = (await ledger.list(never)).letters;
    const found = await ledger.find(id, never);
    expect(Buffer.from(found?.value ?? '', 'base64').toString()).toBe('?');
    expect(await ledger.find('counters:events:0:99', never)).toBe(null);
  });

  it('garbage on the retry topic is a dead letter itself, and stops nothing', async () => {
    const world = openWorld();
    const garbage = { key: 'x', value: Buffer.from('{"v":1}') };
    await world.log.append(topics.retry, [garbage], never);
    await world.log.append(topics.events, [recordOf(click())], never);
    expect(await runToEnd(world)).toEqual([]);
    const { letters } = await ledgerOf(world).list(never);
    expect(letters.map(({ topic }) => topic)).toEqual(answeringGroups.map(() => 'retry'));
  });
});

describe('the gateway', () => {
  const operator = { ...server, scopes: ['admin' as const] };
  const path = '/internal/dead-letters';

  it('lists, shows, redrives and drops for an operator', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [unreadable()], never);
    await runToEnd(world);
    const gateway = openGateway({ through: () => world.log });
    const ask = (method: string, to: string) => gateway.send(to, null, { method, caller: operator });
    const { body } = await ask('GET', path);
    const [one, other] = body.letters.map(({ id }: { id: string }) => `${path}/${encodeURIComponent(id)}`);
    expect((await ask('GET', one)).body).toMatchObject({ code: 'bad_envelope', value: 'Pw==' });
    expect(
      (await gateway.app.request(await signedRequest(`${one}/redrive`, null, { caller: operator }))).status,
    ).toBe(204);
    expect(
      (await gateway.app.request(await signedRequest(other, null, { method: 'DELETE', caller: operator })))
        .status,
    ).toBe(204);
    expect((await ask('GET', path)).body.letters).toHaveLength(body.letters.length - 2);
    expect((await ask('GET', one)).status).toBe(404);
    expect((await ask('POST', `${one}/redrive`)).status).toBe(404);
  });

  it.each([
    ['without the scope', server],
    ['a person with the scope', { ...ann, scopes: ['admin' as const] }],
  ])('refuses %s', async (_name, caller) => {
    const gateway = openGateway();
    for (const [method, to] of [
      ['GET', path],
      ['GET', `${path}/counters:events:0:0`],
      ['DELETE', `${path}/counters:events:0:0`],
      ['POST', `${path}/counters:events:0:0/redrive`],
    ] as const) {
      expect((await gateway.send(to, null, { method, caller })).status).toBe(403);
    }
  });
});
