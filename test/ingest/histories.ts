import fc from 'fast-check';
import type { Message } from '#backing/log/port.ts';
import type { Event } from '#contract/event.ts';
import { identity } from '#contract/event.ts';
import { topics } from '#contract/topics.ts';
import { campaignArbOf, eventArbOf } from '../support/arbitraries.ts';
import { campaignRecordOf, recordOf, viewsOf, type World } from './small-world.ts';

/** A record, and the topic on which it stands. */
export type Written = { topic: string; record: Message };

const tenants = fc.constantFrom('acme', 'rival');
const campaign_id = fc.constantFrom('c-1', 'c-2', 'c-3');
/** Few people and ids, so that identities meet: again, or with another content. */
const events = eventArbOf({
  user_id: fc.constantFrom('ann', 'bob', 'cleo', '|trey|'),
  message_id: fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4', 'm-5'),
  campaign_id,
});

const on = fc.constantFrom([topics.events], [topics.imports], [topics.events, topics.imports]);

type Step =
  | { kind: 'event'; tenant_id: string; event: Event; on: readonly string[] }
  | { kind: 'again'; back: number; on: readonly string[] }
  | { kind: 'campaign'; tenant_id: string; campaign_id: string; campaign: object | null };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('event' as const),
        tenant_id: tenants,
        event: events,
        on,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('again' as const), back: fc.nat({ max: 5 }), on }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('campaign' as const),
        tenant_id: tenants,
        campaign_id,
        campaign: fc.option(campaignArbOf({ campaign_id }), { nil: null }),
      }),
    },
  ),
  { minLength: 1, maxLength: 80, size: 'max' },
);

/**
 * What stands on the log after the steps. Twins with another content stay within one topic: between two there
 * is no order that could say which of them counts.
 */
function writtenBy(history: readonly Step[]): Written[] {
  const known = new Map<string, { content: string; on: Set<string>; conflicting: boolean }>();
  const past: { tenant_id: string; event: Event }[] = [];

  const write = (tenant_id: string, event: Event, on: readonly string[]): Written[] => {
    past.unshift({ tenant_id, event });
    const [id, content] = [identity(tenant_id, event), JSON.stringify(event)];
    const before = known.get(id) ?? { content, on: new Set(), conflicting: false };
    const conflicting = before.conflicting || before.content !== content;
    if (conflicting && before.on.size > 1) return [];
    const where = conflicting ? [...before.on] : on;
    known.set(id, { ...before, on: new Set([...before.on, ...where]), conflicting });
    return where.map((topic) => ({ topic, record: recordOf(event, tenant_id) }));
  };

  return history.flatMap((step): Written[] => {
    if (step.kind === 'event') return write(step.tenant_id, step.event, step.on);
    if (step.kind === 'again') {
      const one = past[step.back];
      return one ? write(one.tenant_id, one.event, step.on) : [];
    }
    const { tenant_id, campaign_id: id, campaign } = step;
    const content = campaign && { ...campaign, campaign_id: id };
    return [{ topic: topics.campaigns, record: campaignRecordOf(id, content, tenant_id) }];
  });
}

/** Logs on which everything can happen: duplicates, twins with another content, both topics, deletions. */
export const histories = steps.map(writtenBy);

/** The world's views in small batches, over stores that let others run before and after each write. */
export function hesitantViews({ stores, log }: Pick<World, 'stores' | 'log'>, max_records: number) {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const slow =
    <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      await turn();
      const result = await write(...args);
      await turn();
      return result;
    };
  const { counters, catalogue, vectors, graph, archive } = stores;
  return viewsOf({
    counters: { ...counters, apply: slow(counters.apply) },
    catalogue: { ...catalogue, put: slow(catalogue.put) },
    vectors: { ...vectors, putMessages: slow(vectors.putMessages), putCampaigns: slow(vectors.putCampaigns) },
    graph: { ...graph, add: slow(graph.add) },
    archive: { ...archive, append: slow(archive.append) },
    log,
  }).map((view) => ({ ...view, max_records }));
}
