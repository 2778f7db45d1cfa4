import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOUNDS, type Edge, type Graph, type Neighbours } from '#backing/graph/port.ts';
import { idArb, ODD_IDS, shuffles } from '../support/arbitraries.ts';
import { collect, newLines } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type GraphSubject = {
  name: string;
  /** An empty graph that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<Graph>;
  /** How many runs a property has; what is far away takes fewer. */
  runs?: number;
};

type Bare = Edge extends infer One
  ? One extends Edge
    ? Omit<One, 'tenant_id' | 'lived_at' | 'accepted_at'> & { lived_at?: string; accepted_at?: string }
    : never
  : never;

const { signal } = new AbortController();
const DAY = '2026-11-01';
const ALWAYS = { from_day: '0000-01-01', to_day: '9999-12-31' };

export const engaged = (user_id: string, campaign_id: string, day = DAY): Bare => ({
  kind: 'engaged',
  user_id,
  campaign_id,
  day,
});
export const replied = (user_id: string, other_id: string, day = DAY): Bare => ({
  kind: 'replied',
  user_id,
  other_id,
  day,
});
const answered = (user_id: string, message_id: string, day = DAY): Bare => ({
  kind: 'answered',
  user_id,
  message_id,
  day,
});
export const wrote = (user_id: string, message_id: string, day = DAY): Bare => ({
  kind: 'wrote',
  user_id,
  message_id,
  day,
});

/** The edges as one tenant's. */
export function edgesOf(tenant_id: string, edges: readonly Bare[]): Edge[] {
  return edges.map((edge) => {
    const noon = `${edge.day}T12:00:00.000Z`;
    return { lived_at: noon, accepted_at: noon, ...edge, tenant_id } as Edge;
  });
}

/** The newest rows, of equal days those with the greater id. */
function newest<Row extends { day: string; id: string }>(rows: readonly Row[], limit: number): Row[] {
  const rank = ({ day, id }: Row) => `${day} ${id}`;
  return [...rows].sort((a, b) => (rank(a) < rank(b) ? 1 : -1)).slice(0, limit);
}

function distinct<Row extends object>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

/** The neighbours, as the port tells of them: by looking at every edge. */
function model(edges: readonly Bare[], user: string, from_day: string, to_day: string): Neighbours {
  const inWindow = edges.filter(({ day }) => from_day <= day && day <= to_day);
  const engagements = distinct(inWindow.flatMap((e) => (e.kind === 'engaged' ? [e] : [])));
  const campaignsOf = (id: string, limit: number) =>
    newest(
      engagements
        .filter(({ user_id }) => user_id === id)
        .map(({ day, campaign_id }) => ({ day, id: campaign_id })),
      limit,
    ).map(({ id }) => id);
  const authorsOf = (message: string) => [
    ...new Set(edges.flatMap((e) => (e.kind === 'wrote' && e.message_id === message ? [e.user_id] : []))),
  ];
  const peopleOf = (rows: readonly { day: string; id: string }[]) => {
    const last = new Map<string, string>();
    for (const { day, id } of rows) if (day > (last.get(id) ?? '')) last.set(id, day);
    return newest(
      [...last].map(([id, day]) => ({ id, day })),
      BOUNDS.people,
    ).map(({ id }) => id);
  };
  const sorted = (strengths: Map<string, number>) =>
    [...strengths]
      .map(([campaign_id, strength]) => ({ campaign_id, strength }))
      .filter(({ strength }) => strength > 0)
      .sort((a, b) => b.strength - a.strength || (a.campaign_id < b.campaign_id ? -1 : 1));

  const direct = distinct(inWindow).flatMap((e) =>
    e.kind === 'replied' && e.user_id === user && e.other_id !== user ? [{ day: e.day, id: e.other_id }] : [],
  );
  const byMessage = distinct(inWindow).flatMap((e) =>
    e.kind === 'answered' && e.user_id === user ? [{ day: e.day, id: e.message_id }] : [],
  );
  const resolved = newest(byMessage, BOUNDS.replies).flatMap(({ day, id }) => {
    const [author, ...others] = authorsOf(id);
    return author === undefined || author === user || others.length > 0 ? [] : [{ day, id: author }];
  });
  const partners = distinct([...newest(direct, BOUNDS.replies), ...resolved]);
  const repliedTo = new Map<string, number>();
  for (const person of peopleOf(partners)) {
    const days = partners.filter(({ id }) => id === person).length;
    for (const campaign of campaignsOf(person, BOUNDS.engagements)) {
      repliedTo.set(campaign, (repliedTo.get(campaign) ?? 0) + days);
    }
  }

  const met = [...new Set(campaignsOf(user, BOUNDS.own))].flatMap((campaign) =>
    newest(
      engagements
        .filter(({ campaign_id, user_id }) => campaign_id === campaign && user_id !== user)
        .map(({ day, user_id }) => ({ day, id: user_id })),
      BOUNDS.fellows,
    ).map((row) => ({ ...row, campaign })),
  );
  const together = new Map<string, number>();
  for (const person of peopleOf(met)) {
    const common = new Set(met.filter(({ id }) => id === person).map(({ campaign }) => campaign));
    for (const campaign of campaignsOf(person, BOUNDS.engagements)) {
      const others = [...common].filter((one) => one !== campaign).length;
      together.set(campaign, (together.get(campaign) ?? 0) + others);
    }
  }
  return { replied: sorted(repliedTo), together: sorted(together) };
}

const users = ['ann', 'bob', 'cleo', '|trey|', '__proto__'];
const dayArb = fc.integer({ min: 1, max: 9 }).map((at) => `2026-11-0${at}`);
const userArb = fc.constantFrom(...users);
const campaignArb = fc.constantFrom('c-1', 'c-2', 'c-3', 'constructor', '"', 'a,b');
const messageArb = fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4', 'm-5', '["m"]');

function bareArbOf(user: fc.Arbitrary<string>): fc.Arbitrary<Bare> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(user, campaignArb, dayArb).map((args) => engaged(...args)) },
    fc.tuple(user, user, dayArb).map((args) => replied(...args)),
    { weight: 2, arbitrary: fc.tuple(user, messageArb, dayArb).map((args) => answered(...args)) },
    { weight: 2, arbitrary: fc.tuple(user, messageArb, dayArb).map((args) => wrote(...args)) },
  );
}

const bareArb = bareArbOf(userArb);

/** What every graph holds to. */
export function graphContract({ name, open, runs = 100 }: GraphSubject): void {
  const numRuns = { numRuns: runs };

  describe(`the graph: ${name}`, () => {
    const campaigns = (list: Neighbours['replied']) => list.map(({ campaign_id }) => campaign_id);
    async function around(graph: Graph, tenant_id: string, user_id: string, window = ALWAYS) {
      return await graph.neighbours({ tenant_id, user_id, ...window }, signal);
    }

    dumpContract(async () => {
      const graph = await open();
      return {
        dump: () => graph.dump(),
        async write() {
          const edges = ODD_IDS.flatMap((user) =>
            ODD_IDS.flatMap((id) => [
              engaged(user, id),
              wrote(user, id),
              ...(user === id ? [] : [replied(user, id), answered(user, id)]),
            ]),
          );
          for (const tenant of [newTenant(), newTenant()]) await graph.add(edgesOf(tenant, edges), signal);
        },
      };
    });

    test('edges added in any order, any batches and repeated leave what one pass leaves', async () => {
      const [graph, oracle] = [await open(), await open()];
      const [lines, expected] = [newLines(() => graph.dump()), newLines(() => oracle.dump())];
      const histories = fc
        .array(bareArb, { minLength: 1, maxLength: 40 })
        .chain((edges) => fc.record({ edges: fc.constant(edges), batches: shuffles(edges) }));
      await fc.assert(
        fc.asyncProperty(histories, async ({ edges, batches }) => {
          const tenant = newTenant();
          for (const batch of batches) await graph.add(edgesOf(tenant, batch), signal);
          await oracle.add(edgesOf(tenant, edges), signal);
          expect(await lines()).toEqual(await expected());
        }),
        numRuns,
      );
    });

    test('neighbours are those that a look at every edge finds', async () => {
      const graph = await open();
      const asked = fc.record({
        edges: fc.array(bareArb, { maxLength: 60, size: 'max' }),
        user: userArb,
        from_day: dayArb,
        to_day: dayArb,
      });
      await fc.assert(
        fc.asyncProperty(asked, async ({ edges, user, from_day, to_day }) => {
          const tenant = newTenant();
          await graph.add(edgesOf(tenant, edges), signal);
          for (const window of [ALWAYS, { from_day, to_day }]) {
            const found = await around(graph, tenant, user, window);
            expect(found).toEqual(model(edges, user, window.from_day, window.to_day));
          }
        }),
        numRuns,
      );
    });

    test('every hop is bounded: of more than it takes the newest count, of equal days the greater ids', async () => {
      const graph = await open();
      const many = (count: number, prefix: string) =>
        Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(3, '0')}`);
      const people = many(60, 'p');
      const days = Array.from({ length: 4 }, (_, at) => `2026-11-0${at + 1}`);
      const at = <T>(list: readonly T[], index: number) => list[index % list.length] as T;
      const edges = [
        ...many(40, 'c').map((campaign, i) => engaged('me', campaign, at(days, i * 7))),
        ...many(150, 'm').flatMap((message, i) => [
          answered('me', message, at(days, i * 3)),
          wrote(at(people, i * 11), message),
        ]),
        ...many(150, 'x').map((other, i) => replied('me', i % 3 ? other : at(people, i), at(days, i * 5))),
        ...people.flatMap((person, p) =>
          many(45, 'c').map((campaign, i) => engaged(person, campaign, at(days, p * i + p))),
        ),
      ];
      const tenant = newTenant();
      await graph.add(edgesOf(tenant, edges), signal);
      const found = await around(graph, tenant, 'me');
      expect(found).toEqual(model(edges, 'me', ALWAYS.from_day, ALWAYS.to_day));
      expect(found.replied.length).toBeGreaterThan(20);
      expect(found.together.length).toBeGreaterThan(20);
    });

    test('an edge weighs as many days as it was active on, in the window', async () => {
      const [graph, tenant] = [await open(), newTenant()];
      const days = ['2026-11-01', '2026-11-02', '2026-11-03'];
      const edges = [
        ...days.map((day) => replied('ann', 'bob', day)),
        ...days.slice(1).map((day) => engaged('bob', 'c', day)),
        engaged('bob', 'd'),
      ];
      await graph.add(edgesOf(tenant, edges), signal);
      expect((await around(graph, tenant, 'ann')).replied).toEqual([
        { campaign_id: 'c', strength: 6 },
        { campaign_id: 'd', strength: 3 },
      ]);
      const window = { from_day: '2026-11-02', to_day: '2026-11-02' };
      expect((await around(graph, tenant, 'ann', window)).replied).toEqual([
        { campaign_id: 'c', strength: 1 },
      ]);
    });

    test('a reply that tells no person leads to the author, whichever of the two messages comes first', async () => {
      const graph = await open();
      const edges = [wrote('bob', 'm'), answered('ann', 'm'), engaged('bob', 'c')];
      for (const order of [edges, [...edges].reverse()]) {
        const tenant = newTenant();
        for (const edge of order) await graph.add(edgesOf(tenant, [edge]), signal);
        expect(campaigns((await around(graph, tenant, 'ann')).replied)).toEqual(['c']);
      }
    });

    test('a reply and its message are found when the message was written outside the window', async () => {
      const [graph, tenant] = [await open(), newTenant()];
      const edges = [wrote('bob', 'm', '2020-01-01'), answered('ann', 'm'), engaged('bob', 'c')];
      await graph.add(edgesOf(tenant, edges), signal);
      const window = { from_day: DAY, to_day: DAY };
      expect(campaigns((await around(graph, tenant, 'ann', window)).replied)).toEqual(['c']);
    });

    test('a reply to a message id that several have used leads to nobody; to another tenant it says nothing', async () => {
      const graph = await open();
      const [tenant, other] = [newTenant(), newTenant()];
      const edges = [
        answered('ann', 'm'),
        engaged('bob', 'c'),
        engaged('cleo', 'd'),
        wrote('bob', 'm'),
        wrote('bob', 'm', '2026-11-05'),
      ];
      await graph.add(edgesOf(tenant, edges), signal);
      await graph.add(edgesOf(other, [wrote('cleo', 'm')]), signal);
      expect(campaigns((await around(graph, tenant, 'ann')).replied)).toEqual(['c']);
      await graph.add(edgesOf(tenant, [wrote('cleo', 'm')]), signal);
      expect((await around(graph, tenant, 'ann')).replied).toEqual([]);
    });

    test('a reply to oneself leads nowhere', async () => {
      const [graph, tenant] = [await open(), newTenant()];
      const edges = [engaged('ann', 'c'), wrote('ann', 'm'), answered('ann', 'm'), replied('ann', 'ann')];
      await graph.add(edgesOf(tenant, edges), signal);
      expect(await around(graph, tenant, 'ann')).toEqual({ replied: [], together: [] });
    });

    test('ids that careless code trips over are told apart, and two tenants with the same ids never see each other', async () => {
      const [graph, one, other] = [await open(), newTenant(), newTenant()];
      const edges = ODD_IDS.flatMap((id, at) => {
        const next = ODD_IDS[(at + 1) % ODD_IDS.length] as string;
        return [replied(id, next), engaged(id, id)];
      });
      await graph.add(edgesOf(one, edges), signal);
      for (const [at, id] of ODD_IDS.entries()) {
        const next = ODD_IDS[(at + 1) % ODD_IDS.length];
        expect(campaigns((await around(graph, one, id)).replied)).toEqual([next]);
        expect(await around(graph, other, id)).toEqual({ replied: [], together: [] });
      }
    });

    test('any ids come back as they were', async () => {
      const graph = await open();
      const lines = newLines(() => graph.dump());
      await fc.assert(
        fc.asyncProperty(idArb, idArb, dayArb, async (user, id, day) => {
          const tenant = newTenant();
          const edges = [
            engaged(user, id, day),
            replied(user, id, day),
            answered(user, id, day),
            wrote(user, id, day),
          ];
          await graph.add(edgesOf(tenant, edges), signal);
          expect(await lines()).toEqual([
            `${JSON.stringify(['answered', tenant, user, day, id])} 1`,
            `${JSON.stringify(['engaged', tenant, user, day, id])} 1`,
            `${JSON.stringify(['replied', tenant, user, day, id])} 1`,
            `${JSON.stringify(['wrote', tenant, id, user])} ${day}`,
          ]);
        }),
        numRuns,
      );
    });

    test('writers at once, who meet the same people and campaigns in opposite orders, lose nothing', async () => {
      const [graph, tenant] = [await open(), newTenant()];
      const ids = Array.from({ length: 120 }, (_, at) => `i-${at}`);
      const edges = ids.flatMap((id, at) => {
        const other = ids[(at * 7 + 1) % ids.length] as string;
        return [
          engaged(id, `c-${at % 5}`),
          replied(id, other),
          wrote(id, `m-${at}`),
          answered(id, `m-${at % 40}`),
        ];
      });
      const writers = [
        edges,
        [...edges].reverse(),
        edges.slice(100, 300),
        [...edges.slice(0, 200)].reverse(),
      ];
      await Promise.all(
        writers.map(async (list) => {
          for (let at = 0; at < list.length; at += 60) {
            await graph.add(edgesOf(tenant, list.slice(at, at + 60)), signal);
          }
        }),
      );
      expect(await collect(graph.dump())).toHaveLength(new Set(edges.map((e) => JSON.stringify(e))).size);
    });

    test('old edges go by their day, but none that was accepted lately, nor a message that is still answered', async () => {
      const [graph, tenant] = [await open(), newTenant()];
      const [old, late] = ['2026-01-01', '2026-06-01'];
      const lately = { accepted_at: '2026-10-20T00:00:00.000Z' };
      const staying = edgesOf(tenant, [
        { ...engaged('ann', 'imported', old), ...lately },
        { ...replied('ann', 'imported', old), ...lately },
        { ...wrote('ann', 'imported', old), ...lately },
        engaged('ann', 'c', late),
        replied('ann', 'bob', late),
        wrote('bob', 'm-answered', old),
        answered('ann', 'm-answered', late),
      ]);
      const oracle = await open();
      await oracle.add(staying, signal);
      const many = Array.from({ length: 1_100 }, (_, at) => engaged(`u-${at}`, 'c', old));
      const going = [
        engaged('ann', 'c', old),
        replied('ann', 'bob', old),
        answered('ann', 'm', old),
        wrote('ann', 'm', old),
      ];
      await graph.add(edgesOf(tenant, [...going, ...many]), signal);
      await graph.add(staying, signal);
      // An edge that is accepted again, by a later event of its day, stays.
      await graph.add(
        edgesOf(tenant, [{ ...engaged('again', 'c', old), lived_at: '2026-01-01T00:00:00.000Z' }]),
        signal,
      );
      const again = edgesOf(tenant, [{ ...engaged('again', 'c', old), ...lately }]);
      for (const one of [graph, oracle]) await one.add(again, signal);

      const asked = { day: '2026-06-01', accepted_before: '2026-10-01T00:00:00.000Z' };
      const counts = { answered: 1, engaged: 1_101, replied: 1, wrote: 1 };
      const before = await collect(graph.dump());
      const told = await graph.removeBefore({ ...asked, dry_run: true }, signal);
      // The dry run does not know that the only answer is about to go.
      expect({ ...told, wrote: 1 }).toEqual(counts);
      expect(await collect(graph.dump())).toEqual(before);
      await expect(graph.removeBefore({ ...asked, dry_run: false }, AbortSignal.abort())).rejects.toThrow(
        'aborted',
      );
      expect(await graph.removeBefore({ ...asked, dry_run: false }, signal)).toEqual(counts);
      expect(await collect(graph.dump())).toEqual(await collect(oracle.dump()));
      const none = { answered: 0, engaged: 0, replied: 0, wrote: 0 };
      expect(await graph.removeBefore({ ...asked, dry_run: false }, signal)).toEqual(none);
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [graph, tenant, aborted] = [await open(), newTenant(), AbortSignal.abort()];
      const window = { tenant_id: tenant, user_id: 'u', ...ALWAYS };
      await expect(graph.add(edgesOf(tenant, [engaged('u', 'c')]), aborted)).rejects.toThrow('aborted');
      await expect(graph.add([], aborted)).rejects.toThrow('aborted');
      await expect(graph.neighbours(window, aborted)).rejects.toThrow('aborted');
      expect(await collect(graph.dump())).toEqual([]);
    });

    test('a batch that fails is not written in part', async () => {
      const [graph, tenant] = [await open(), newTenant()];
      const broken = { ...wrote('u', 'm'), user_id: null as never };
      await expect(
        graph.add(edgesOf(tenant, [engaged('u', 'c'), answered('u', 'm'), broken]), signal),
      ).rejects.toThrow();
      expect(await collect(graph.dump())).toEqual([]);
    });
  });
}
