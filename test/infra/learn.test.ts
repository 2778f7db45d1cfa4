import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { openStores } from '#backing/embedded.ts';
import { openLog } from '#backing/log/embedded.ts';
import { eventRecord } from '#contract/envelope.ts';
import { ModelContent } from '#contract/model.ts';
import type { Outcome } from '#contract/outcome.ts';
import { type Served, servedRecord } from '#contract/served.ts';
import { topics } from '#contract/topics.ts';
import { joinOutcomes } from '../../infra/local/learning/answers.ts';
import type { ServedAnswer } from '../../origin/learning/served.ts';
import { openLoop } from '../origin/learning/feedback-loop.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';

const SOURCES = ['like_minded', 'popular', 'trending'];
const { signal } = new AbortController();
const generated_at = '2026-11-01T10:00:00.000Z';

/** An answer of the simulated loop as it stands on the log; its features go by the names of sources. */
const servedOf = ({ candidates, seen }: ServedAnswer, i: number): Omit<Served, 'v'> => ({
  ...{ tenant_id: 'acme', user_id: `u-${i % 50}`, recommendation_id: `r-${i}`, generated_at },
  ...{ placement: 'discover', placement_version: 0, model: 'weighted-sum-v2', degraded: [] },
  ...{ exploration: 0.3, explored: false, sources: SOURCES },
  candidates: candidates.map(({ campaign_id: id, score, features }) => ({
    ...{ id, score },
    said: [features['fit'] ?? 0, features['popular'] ?? 0, features['noise'] ?? 0],
  })),
  answered: seen.map(({ campaign_id }) => campaign_id),
});

const eventsOf = ({ seen }: ServedAnswer, i: number) =>
  seen.flatMap(({ campaign_id, position, clicked }) =>
    (clicked ? (['impression', 'click'] as const) : (['impression'] as const)).map((type) =>
      eventRecord({
        tenant_id: 'acme',
        accepted_at: generated_at,
        event: {
          ...{ type, message_id: `${type}-${i}-${position}`, user_id: `u-${i % 50}`, campaign_id, position },
          ...{ occurred_at: generated_at, locale: null, recommendation_id: `r-${i}`, placement: 'discover' },
        },
      }),
    ),
  );

it('weights and trees are learnt from the log on the command line, and added as candidates where they are better', async () => {
  const data = join(await temporaryFolder(), 'data');
  const learn = (...more: string[]) =>
    cli('learn', '--tenant', 'acme', '--placement', 'discover', '--data', data, ...more);
  expect((await learn()).stderr).toMatch(/too little to learn from: it takes 200 answers/);

  const log = openLog({ file: join(data, 'log.db') });
  const { answers } = openLoop(1).answer(1500, ({ features }) => features['popular'] as number, 0.5);
  await log.append(
    topics.served,
    answers.map((answer, i) => servedRecord(servedOf(answer, i))),
    signal,
  );
  await log.append(topics.events, answers.flatMap(eventsOf), signal);
  await log.close();

  const { stdout, stderr, code } = await learn('--candidate');
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^1,500 answers, of 1,500 of which is known/m);
  expect(stderr).toMatch(/Added as version 1, a candidate/);
  const weights = JSON.parse(stdout);
  expect(weights.like_minded).toBe(3);
  expect(weights.trending ?? 0).toBeLessThan(1);

  const trees = await learn('--ranker', 'trees', '--candidate');
  expect(trees.code, trees.stderr).toBe(0);
  expect(trees.stderr).toMatch(
    /version 0 0\.\d+, learnt 0\.\d+, gain 0\.\d+ to 0\.\d+\nThe \d+ learnt trees are better/,
  );
  expect(trees.stderr).toMatch(
    /version 1 of the model discover, a candidate\nVersion 2 of the placement names it/,
  );
  expect(v.parse(ModelContent, JSON.parse(trees.stdout)).kind).toBe('trees');
  const stores = openStores({ path: (name) => join(data, name), clock: Date.now });
  const named = { tenant_id: 'acme', name: 'discover', status: 'live', at: generated_at } as const;
  await stores.models.move({ ...named, version: 1 }, signal);
  await stores.placements.move({ ...named, version: 2 }, signal);
  stores.close();
  // It is no better than itself, so nothing is added, and what ranks is told to be kept.
  const again = await learn('--ranker', 'trees', '--candidate');
  expect(again.stderr).toMatch(/held out: discover@1 0\.(\d+), learnt 0\.\1, gain 0\.0000 to 0\.0000/);
  expect(again.stderr).toMatch(/not better beyond chance; kept is:\n$/);
  expect(again.stdout).toBe(trees.stdout);
}, 180_000);

describe('what is learnt from', () => {
  const served: Served = {
    ...servedOf({ candidates: [], seen: [] }, 1),
    v: 1,
    sources: ['popular'],
    candidates: ['a', 'b'].map((id) => ({ id, score: 1, said: [2] })),
    answered: ['a', 'b'],
  };
  const outcome = (about: Partial<Outcome> = {}): Outcome => ({
    ...{ recommendation_id: 'r-1', user_id: 'u-1', campaign_id: 'a', type: 'impression', position: null },
    ...about,
  });
  const seenBy = (...outcomes: Outcome[]) => joinOutcomes([served, served], outcomes).map(({ seen }) => seen);

  it('is each campaign once, clicked where any event says so, at the position told or else answered', () => {
    expect(
      seenBy(
        outcome({ campaign_id: 'b' }),
        outcome({ campaign_id: 'b', type: 'click' }),
        outcome({ campaign_id: 'b', type: 'click' }),
        outcome({ position: 5 }),
      ),
    ).toEqual([
      [
        { campaign_id: 'b', position: 2, clicked: true },
        { campaign_id: 'a', position: 5, clicked: false },
      ],
    ]);
  });

  it('is nothing of answers that nobody tells of, of campaigns that were not answered, or by other people', () => {
    expect(seenBy()).toEqual([]);
    expect(seenBy(outcome({ campaign_id: 'c' }), outcome({ recommendation_id: 'r-2' }))).toEqual([]);
    expect(seenBy(outcome({ user_id: 'mallory' }))).toEqual([]);
  });
});
