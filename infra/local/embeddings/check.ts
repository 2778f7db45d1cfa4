import type { Embedder } from '#backing/embedder/port.ts';
import { livedAt } from '#contract/deletion.ts';
import { groupOf } from '#contract/topics.ts';
import { saysNothing } from '../../../ingest/views/campaign-vectors.ts';
import { sampleOf } from '../../../origin/patterns/sample.ts';
import { keptUp } from '../rebuild/keeping-up.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';
import { forgettings, historyOf } from './history.ts';
import { embedderOf, type RollingOut } from './rolling-out.ts';

/** So many messages are looked at of all, and so many of those that were written by the views while a version was filled. */
const [OF_ALL, OF_LATE] = [1_000, 500];
/** The least cosine of a vector with itself, as it is stored. */
const ITSELF = 0.99;
/** Of identities with two contents the sample may have that which does not count, so this share may be wrong. */
const MOST_WRONG = 0.01;
const AT_ONCE = 8;

type Said = { user_id: string; message_id: string; lived_at: string; text: string };

/**
 * Compares vectors of a version with what its embedder makes of the same texts now: of a sample of all that a tenant's people
 * said, and of one of what was said since a moment, once the views have handled it. Throws Mendable where they differ.
 */
export async function check(on: RollingOut, id: string, since_ms: number): Promise<void> {
  const { tenant_id, viewVersions, log, archive, progress, say, views_run, signal } = on;
  const embedder = embedderOf(on, id);
  const history = await historyOf(tenant_id, { log, archive }, signal);
  const { serving } = await viewVersions.read('embeddings', signal);
  if (views_run) await keptUp(log, groupOf('embeddings', serving), signal);

  const [all, late, forgotten] = [sampleOf<Said>(OF_ALL), sampleOf<Said>(OF_LATE), forgettings()];
  await progress(`sampling ${id}`, history.records, async (at) => {
    for await (const { record, envelope } of history.of(at)) {
      if (forgotten.note(envelope) || envelope.event.type !== 'message') continue;
      const { accepted_at, event } = envelope;
      const { user_id, message_id, occurred_at, text } = event;
      const said = { user_id, message_id, lived_at: livedAt({ accepted_at, occurred_at }), text };
      (record.appended_ms < since_ms ? all : late).show(said);
    }
  });
  const living = [...all.kept, ...late.kept].filter(
    ({ user_id, lived_at }) => !forgotten.covers(user_id, lived_at),
  );
  const wrong = await differing(living, embedder, on);
  const told = `Of ${count(living.length)} messages sampled, ${wrong.length} have another vector of ${id} than their text, or none`;
  if (wrong.length > MOST_WRONG * living.length)
    throw new Mendable(
      `${told}, such as ${wrong.slice(0, 3).join(', ')}: see that all views run with LEARNT set, then npm run embeddings -- fill`,
    );
  say(told);
}

/** The ids of messages whose vector is not that of their text. */
async function differing(
  said: readonly Said[],
  embedder: Embedder,
  { tenant_id, stores: { vectors }, signal }: RollingOut,
): Promise<string[]> {
  const wrong: string[] = [];
  const left = Map.groupBy(said, ({ user_id }) => user_id).entries();
  const look = async () => {
    for (const [user_id, theirs] of left) {
      const ids = theirs.map(({ message_id }) => message_id);
      const stored = await vectors.messages(embedder.version, tenant_id, user_id, ids, signal);
      const fresh = await embedder.embed(
        theirs.map(({ text }) => text),
        signal,
      );
      theirs.forEach(({ message_id }, i) => {
        if (!isSame(stored[i] ?? null, fresh[i] as Float32Array)) wrong.push(message_id);
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return wrong;
}

function isSame(stored: Float32Array | null, fresh: Float32Array): boolean {
  if (!stored || saysNothing(fresh)) return stored === null && saysNothing(fresh);
  const dot = fresh.reduce((sum, x, i) => sum + x * (stored[i] as number), 0);
  return dot / (Math.hypot(...fresh) * Math.hypot(...stored)) >= ITSELF;
}
