import { expect } from 'vitest';
import type { Embedders } from '#backing/embedder/embedders.ts';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Log } from '#backing/log/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { topics } from '#contract/topics.ts';
import { corpus } from '../../backing/embedder/corpus.ts';
import { campaignRecordOf, recordOf } from '../../ingest/small-world.ts';

const { signal } = new AbortController();
const TEXTS = corpus();
const PEOPLE = 23;
const THEMES = 10;

type Said = { user_id: string; message_id: string; text: string };

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0) / (Math.hypot(...a) * Math.hypot(...b));
}

/** People of a tenant who talk about ten themes on a log, and a campaign of each theme. */
export function talking(log: Log) {
  const said: Said[] = [];
  const append = async (all: readonly Said[]) => {
    const records = all.map((one, at) => {
      const occurred_at = `2026-10-${String(1 + (at % 28)).padStart(2, '0')}T10:00:00Z`;
      return recordOf({ type: 'message', ...one, occurred_at });
    });
    await log.append(topics.events, records, signal);
  };
  const say = async (many: number) => {
    const some = Array.from({ length: many }, (_, i): Said => {
      const at = said.length + i;
      const text = TEXTS[at % TEXTS.length] as string;
      return { user_id: `user-${at % PEOPLE}`, message_id: `m-${at}`, text };
    });
    said.push(...some);
    await append(some);
  };
  return {
    say,
    /** Says what only `saying` knows of. */
    append,
    async campaigns(): Promise<void> {
      const texts = Array.from({ length: THEMES }, (_, theme) => `a${theme}x0 a${theme}x1 a${theme}x2`);
      const records = texts.map((text, theme) =>
        campaignRecordOf(`campaign-${theme}`, { title: text, text }),
      );
      await log.append(topics.campaigns, records, signal);
    },
    /** Talks on for as long as something else is done. */
    async whileTalking<T>(work: () => Promise<T>): Promise<T> {
      let done = false;
      const going = (async () => {
        while (!done) {
          await say(3);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      })();
      try {
        return await work();
      } finally {
        done = true;
        await going;
      }
    },
    /** That of all that was said there is the vector of its text, in a version. */
    async expectAll(
      { vectors, embedders }: { vectors: Vectors; embedders: Embedders },
      version: EmbeddingVersion,
    ): Promise<void> {
      const embedder = embedders.of(version);
      if (!embedder) throw new Error(`There is no embedder of ${version.id}`);
      for (const [user_id, theirs] of Map.groupBy(said, (one) => one.user_id)) {
        const ids = theirs.map(({ message_id }) => message_id);
        const stored = await vectors.messages(version, 'acme', user_id, ids, signal);
        const fresh = await embedder.embed(
          theirs.map(({ text }) => text),
          signal,
        );
        const alike = stored.map((vector, i) => (vector ? cosine(vector, fresh[i] as Float32Array) : null));
        expect(alike.filter((x) => x === null || x < 0.999)).toEqual([]);
      }
    },
  };
}
