import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PlacementContent } from '#contract/placement.ts';
import { ablation } from '../../infra/local/quality/ablation.ts';
import { questionsOfPast } from '../../infra/local/quality/own-past.ts';
import { replay } from '../../infra/local/quality/replay.ts';
import { simulateTenant } from '../../infra/local/simulated/tenant.ts';
import { ndcg } from '../../origin/rank/asked.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';

const { signal } = new AbortController();
const now_ms = Date.parse('2026-11-01T00:00:00.000Z');
const { campaigns: some, events } = simulateTenant({
  seed: 5,
  now_ms,
  people: 60,
  conversations: 200,
  visits: 400,
});
// The rows leave boosts out.
const campaigns = some.map((campaign) => ({ ...campaign, boost: 1, starts_at: null, ends_at: null }));
const { questions, truth } = questionsOfPast(events, { repeats: true, people: 25 });

/** NDCG@10 of lists as they were answered. */
function ndcgOf(answers: readonly { user_id: string; campaigns: readonly string[] }[]): number {
  const each = answers.map(({ user_id, campaigns: candidates }) => {
    const place = Float32Array.from(candidates, (_, i) => candidates.length - i);
    return ndcg(
      { user_id, candidates, features: { place }, truth: truth.get(user_id) ?? new Set() },
      { place: 1 },
    );
  });
  return each.reduce((sum, x) => sum + x, 0) / each.length;
}

test('each row of the ablation is what a placement without that source, or with it alone, answers', async () => {
  const weights = {
    repeat_engagement: 1,
    popular: 0.5,
    trending: 0.5,
    talked_about: 0.7,
    graph_neighbours: 0.4,
  };
  const content: PlacementContent = {
    ...{
      weights,
      model: null,
      repeats: true,
      boosts: [],
      pins: [],
      frequency_caps: [],
      diversity: 0,
      exploration: 0,
    },
  };
  const past = { campaigns, events, questions, placement: 'home' };
  const answered = async (by: PlacementContent['weights']) =>
    ndcgOf((await replay({ ...past, content: { ...content, weights: by } }, signal, () => {})).answers);
  const told = ablation({ questions, truth, events });
  await replay({ ...past, content, onRanked: told.onRanked, all_sources: true }, signal, () => {});
  const rows = new Map(told.rows().map(({ what, ndcg: value }) => [what, value]));

  const { talked_about: _, ...without } = weights;
  expect(rows.get('shipped weights')).toBeCloseTo(await answered(weights), 6);
  expect(rows.get('without talked_about')).toBeCloseTo(await answered(without), 6);
  expect(rows.get('repeat_engagement alone')).toBeCloseTo(await answered({ repeat_engagement: 1 }), 2);
  expect(rows.get('without talked_about')).not.toBeCloseTo(rows.get('shipped weights') as number, 4);
  expect([...rows.keys()]).toEqual(expect.arrayContaining(['plain sum', 'similar_conversations alone']));
}, 90_000);

test('the command writes a list for each question, and prints a row for each way of ranking', async () => {
  const folder = await temporaryFolder();
  const file = async (name: string, lines: readonly string[]) => {
    await writeFile(join(folder, name), lines.map((line) => `${line}\n`).join(''));
    return join(folder, name);
  };
  const out = join(folder, 'lists.tsv');
  const { code, stdout, stderr } = await cli(
    ...['evaluate', '--placement', 'continue', '--out', out],
    ...[
      '--events',
      await file(
        'events.ndjson',
        events.map((event) => JSON.stringify(event)),
      ),
    ],
    ...[
      '--campaigns',
      await file(
        'campaigns.ndjson',
        campaigns.map((campaign) => JSON.stringify(campaign)),
      ),
    ],
    ...[
      '--questions',
      await file(
        'questions.tsv',
        questions.map(({ user_id, moment }) => `${user_id}\t${moment}`),
      ),
    ],
    ...[
      '--ablate',
      await file(
        'truth.tsv',
        [...truth].map(([user, right]) => `${user}\t${[...right].join(',')}`),
      ),
    ],
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/on the embedded parts/);
  expect(stderr).toMatch(/asking: 25 of 25/);
  for (const row of [
    'shipped weights',
    'plain sum',
    'without popular',
    'popular alone',
    'learnt before: climbed',
  ])
    expect(stdout).toMatch(new RegExp(`${row}' +│|${row} +│`));
  expect((await readFile(out, 'utf8')).trimEnd().split('\n')).toHaveLength(25);
}, 90_000);
