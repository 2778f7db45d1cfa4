import { expect, onTestFinished, test } from 'vitest';
import { chosenGround, leftOver } from '../../infra/local/quality/ground.ts';
import { questionsOfPast } from '../../infra/local/quality/own-past.ts';
import { type Past, replay } from '../../infra/local/quality/replay.ts';
import { simulateTenant } from '../../infra/local/simulated/tenant.ts';
import { cli } from '../infra/support/cli.ts';
import { onServices } from './on-service.ts';

const { signal } = new AbortController();
/** Where two are about as good, either may be the tenth: the embedded vectors are bytes, and keep fewer digits. */
const SAME = 0.95;

const { campaigns, events } = simulateTenant({
  seed: 5,
  now_ms: Date.parse('2026-11-01T00:00:00.000Z'),
  people: 60,
  conversations: 200,
  visits: 400,
});

function pastOf(placement: string): Past {
  const { questions } = questionsOfPast(events, { repeats: placement === 'continue', people: 12 });
  // No window ends between the two runs.
  const always = campaigns.map((campaign) => ({ ...campaign, starts_at: null, ends_at: null }));
  return { campaigns: always, events, questions, placement };
}

onServices(
  [
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
    { name: 'Neo4j', variable: 'NEO4J_URL', up: 'neo4j' },
  ],
  () => {
    test.each(['discover', 'continue'])(
      'the real services recommend in %s what the embedded parts do, and nothing of the run is left',
      async (placement) => {
        const past = pastOf(placement);
        const { answers: embedded } = await replay(past, signal, () => {});
        const ground = await chosenGround(process.env);
        expect(ground.name).toMatch(/relational postgres, vectors milvus, graph neo4j, as evaluate_/);
        const [, name = ''] = /(evaluate_\w+)/.exec(ground.name) ?? [];
        expect(await leftOver(process.env)).toContain(name);
        const { answers: real } = await replay(past, signal, () => {}, ground);
        expect(real.map(({ user_id }) => user_id)).toEqual(embedded.map(({ user_id }) => user_id));
        const shared = embedded.flatMap(({ campaigns: list }, i) =>
          list.map((campaign) => real[i]?.campaigns.includes(campaign)),
        );
        expect(shared.length).toBeGreaterThan(100);
        expect(shared.filter(Boolean).length / shared.length).toBeGreaterThan(SAME);
        expect(real.map(({ campaigns: [first] }) => first)).toEqual(
          embedded.map(({ campaigns: [first] }) => first),
        );
        expect(await leftOver(process.env)).not.toContain(name);
      },
      120_000,
    );

    test('what a run left that was killed is removed by its name, and no other', async () => {
      const [killed, other] = [await chosenGround(process.env), await chosenGround(process.env)];
      onTestFinished(() => other.close());
      onTestFinished(() => killed.close());
      const [name, others] = [killed, other].map((one) => /evaluate_\w+/.exec(one.name)?.[0] ?? '');
      const { code, stdout, stderr } = await cli('evaluate', '--clean', name as string);
      expect(code, stderr).toBe(0);
      expect(stdout).toBe(`${name} is removed\n`);
      expect(await leftOver(process.env)).not.toContain(name);
      expect(await leftOver(process.env)).toContain(others);
      const again = await cli('evaluate', '--clean', name as string);
      expect(again.code).toBe(1);
      expect(again.stderr).toContain(`Nothing is there that is called ${name}`);
    }, 120_000);
  },
);
