import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStores } from '#backing/embedded.ts';
import type { Event } from '#contract/event.ts';
import { questionsOfPast } from '../../infra/local/quality/own-past.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';
import { simulatedFiles } from './support/simulated-files.ts';

const { signal } = new AbortController();

it('weights are chosen by the past on the command line, and added as a candidate where they are better', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const files = await simulatedFiles(folder, {
    seed: 3,
    now_ms: Date.now(),
    people: 120,
    conversations: 300,
    visits: 1500,
  });
  const tune = (...more: string[]) =>
    cli(
      ...['tune', '--tenant', 'acme', '--placement', 'home', '--data', data],
      ...['--events', files.events, '--campaigns', files.campaigns, '--people', '100', ...more],
    );
  expect((await tune()).stderr).toMatch(/acme has no live placement "home": make one live first/);

  const stores = openStores({ path: (name) => join(data, name), clock: Date.now });
  const at = new Date().toISOString();
  const weights = { graph_neighbours: 1, repeat_engagement: 0.01, popular: 0.01, co_engagement: 0.01 };
  const content = {
    weights,
    model: null,
    repeats: true,
    boosts: [],
    pins: [],
    frequency_caps: [],
    diversity: 0,
    exploration: 0,
  };
  const made = { tenant_id: 'acme', name: 'home', content, at };
  await stores.placements.add(made, signal);
  await stores.placements.move({ ...made, version: 1, status: 'live' }, signal);
  stores.close();

  const { stdout, stderr, code } = await tune('--candidate');
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/Held out: version 1 0\.\d+, chosen 0\.\d+, gain 0\.\d+ to 0\.\d+: the chosen/);
  expect(stderr).toMatch(/Added as version 2, a candidate/);
  expect(stdout).toMatch(/without popular/);
  expect(stdout).toMatch(/logistic regression/);
}, 120_000);

describe('questions of the past', () => {
  const message = (user_id: string, campaign_id: string | null, minute: number) =>
    ({
      ...{ type: 'message', message_id: `m-${user_id}-${minute}`, user_id, text: 'x', campaign_id },
      occurred_at: `2026-11-01T10:${String(minute).padStart(2, '0')}:00.000Z`,
    }) as unknown as Event;
  const past = (user_id: string, campaigns: readonly string[]) =>
    campaigns.map((campaign_id, i) => message(user_id, campaign_id, i));

  it('are put just before the last two campaigns that were new to somebody', () => {
    const events = past('ada', ['a', 'b', 'a', 'c', 'd', 'b', 'e', 'a']);
    const { questions, truth } = questionsOfPast(events.toReversed(), { repeats: false, people: 60 });
    expect(questions).toEqual([{ user_id: 'ada', moment: '2026-11-01T10:04:00.000Z' }]);
    expect(truth.get('ada')).toEqual(new Set(['d', 'e']));
  });

  it('are put after four fifths of what somebody did, where repeats are welcome', () => {
    const events = past('ada', ['a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'b', 'c']);
    const { questions, truth } = questionsOfPast(events, { repeats: true, people: 60 });
    expect(questions).toEqual([{ user_id: 'ada', moment: '2026-11-01T10:08:00.000Z' }]);
    expect(truth.get('ada')).toEqual(new Set(['b', 'c']));
  });

  it('are of people who did enough, and of so many at the most', () => {
    const many = Array.from({ length: 50 }, (_, i) => past(`u-${i}`, ['a', 'b', 'c', 'd', 'e'])).flat();
    expect(questionsOfPast(many, { repeats: false, people: 7 }).questions).toHaveLength(7);
    expect(questionsOfPast(many, { repeats: true, people: 7 }).questions).toEqual([]);
    expect(questionsOfPast(past('ada', ['a', 'b']), { repeats: false, people: 7 }).questions).toEqual([]);
  });
});
