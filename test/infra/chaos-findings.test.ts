import { expect, it } from 'vitest';
import { topics } from '#contract/topics.ts';
import { seededRandom } from '../../infra/local/simulated/random.ts';
import { compareViews, type Finding } from '../chaos/support/compare.ts';
import { conversation, type SentEvent } from '../chaos/support/conversation.ts';
import { TENANT } from '../chaos/support/load.ts';
import { reference } from '../chaos/support/reference.ts';
import { never, openWorld, recordOf, runToEnd } from '../ingest/small-world.ts';

const next = conversation(seededRandom(7), 'w', Date.parse('2026-11-01T10:00:00.000Z'));
const events = Array.from({ length: 400 }, next);
const VIEWS = ['identities', 'counters', 'profiles', 'graph', 'vectors', 'archive'];
/** What every view has something of. */
const telling = (event: SentEvent) => event.type === 'message' && event.campaign_id !== undefined;

/** What chaos finds in views that were given some events, where others were acknowledged. */
async function findings(written: readonly SentEvent[], acknowledged: readonly SentEvent[]) {
  const world = openWorld();
  await world.log.append(
    topics.events,
    written.map((event) => recordOf(event, TENANT)),
    never,
  );
  expect(await runToEnd(world)).toEqual([]);
  const expected = reference();
  for (const event of acknowledged) expected.acknowledge(event);
  return await compareViews(world.stores, expected.views());
}

const faulty = (found: readonly Finding[], by: (one: Finding) => number) =>
  found.filter((one) => by(one) > 0).map(({ view }) => view);

it('chaos finds nothing where views hold what was acknowledged, however often that came', async () => {
  const found = await findings([...events, ...events.slice(100, 300)], [...events, ...events]);
  expect(found.map(({ view }) => view)).toEqual(VIEWS);
  expect(found.every(({ expected }) => expected > 100)).toBe(true);
  expect(faulty(found, ({ missing, twice, different }) => missing + twice + different)).toEqual([]);
});

it('chaos finds what was acknowledged and is missing, in every view', async () => {
  const lost = events.findLast(telling) as SentEvent;
  const found = await findings(
    events.filter((event) => event !== lost),
    events,
  );
  expect(faulty(found, ({ missing, different }) => missing + different)).toEqual(VIEWS);
});

it('chaos finds what is there and was never acknowledged, or counts again, in every view', async () => {
  const last = events.findLast(telling) as SentEvent;
  const found = await findings(
    [...events, { ...last, message_id: 'again', user_id: 'somebody-else' }],
    events,
  );
  expect(faulty(found, ({ twice, different }) => twice + different)).toEqual(VIEWS);
});
