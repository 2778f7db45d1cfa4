import { corpusOf } from '#backing/embedder/learnt/corpus.ts';
import { MOST_TEXTS } from '#backing/embedder/learnt/learn.ts';
import type { Corpus } from '#backing/embedder/learnt/train.ts';
import { livedAt } from '#contract/deletion.ts';
import { composite } from '#contract/ids.ts';
import { forgettings, type History } from './history.ts';

type Said = { user_id: string; message_id: string; occurred_at: string; lived_at: string; text: string };

/** Older ones leave once there are so many. */
const HELD = 2 * MOST_TEXTS;

/**
 * A tenant's newest texts, oldest first, each identity once. What is of people who were forgotten is left out, though not their names: those
 * are masked in what others said. Holds twice as many texts as are learnt from.
 */
export async function textsOf(history: History, at: (done: number) => void): Promise<Corpus> {
  const known = new Set<string>();
  const forgotten = forgettings();
  let said = new Map<string, Said>();
  for await (const { envelope } of history.of(at)) {
    if (forgotten.note(envelope)) continue;
    const { accepted_at, event } = envelope;
    const { user_id, message_id, occurred_at } = event;
    known.add(user_id);
    const key = composite(user_id, message_id);
    if (event.type !== 'message' || said.has(key)) continue;
    const { text } = event;
    said.set(key, {
      user_id,
      message_id,
      occurred_at,
      lived_at: livedAt({ accepted_at, occurred_at }),
      text,
    });
    if (said.size > HELD) said = new Map(oldestFirst(said).slice(-MOST_TEXTS));
  }
  const living = oldestFirst(said)
    .map(([, one]) => one)
    .filter(({ user_id, lived_at }) => !forgotten.covers(user_id, lived_at));
  return corpusOf(living.slice(-MOST_TEXTS), [...known, ...forgotten.people()]);
}

function oldestFirst(said: ReadonlyMap<string, Said>): [string, Said][] {
  return [...said].sort(([key, a], [other, b]) => {
    if (a.occurred_at !== b.occurred_at) return a.occurred_at < b.occurred_at ? -1 : 1;
    return key < other ? -1 : 1;
  });
}
