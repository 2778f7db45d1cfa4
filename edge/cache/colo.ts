import * as v from 'valibot';
import { Answer, LONGEST_MS } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import { inTime, LATE } from '../in-time.ts';
import { type Log, traceOf } from '../log.ts';
import type { Entry } from './policy.ts';
import { type Subject, sharedKey } from './subject.ts';

const NAME = 'edgewise-answers';
/** Past this it is no nearer than what comes after it. */
const PATIENCE_MS = 50;

/** Raised when the shape of an envelope changes. That of the answer has its own number, inside. */
const ENVELOPE_FORMAT = 1;
const Envelope = v.strictObject({
  format: v.literal(ENVELOPE_FORMAT),
  validated_ms: v.number(),
  answer: Answer,
});

/** What is used of the platform's Cache. */
export type ResponseCache = {
  match(address: string): Promise<Response | undefined>;
  put(address: string, response: Response): Promise<void>;
  delete(address: string): Promise<boolean>;
};

/** Answers in the cache of the data centre, shared by its isolates. Nothing of it rejects: it is a help, no need. */
export type Colo = {
  get(subject: Subject): Promise<Entry | null>;
  /** Keeps a good answer until it may not even stand in any more. One that is degraded or outdated is not kept. */
  put(subject: Subject, entry: Entry): Promise<void>;
  delete(subject: Subject): Promise<void>;
};

/** An address that leads nowhere and names nobody. */
async function addressOf(subject: Subject): Promise<string> {
  return `https://answers.edgewise.invalid/${encodeURIComponent(await sharedKey(subject))}`;
}

export function coloCache({
  open,
  clock,
  log,
}: {
  open: (name: string) => Promise<ResponseCache>;
  clock: Clock;
  log: Log;
}): Colo {
  const failed = (error: unknown) => log({ level: 'warn', event: 'colo_failed', ...traceOf(error) });

  async function look(subject: Subject): Promise<Entry | null> {
    const cache = await open(NAME);
    const response = await cache.match(await addressOf(subject));
    if (!response) return null;
    const { success, output } = v.safeParse(Envelope, await response.json());
    return success ? { answer: output.answer, validated_ms: output.validated_ms } : null;
  }

  return {
    async get(subject) {
      try {
        const entry = await inTime(look(subject), PATIENCE_MS);
        if (entry !== LATE) return entry;
        failed(new Error('The cache of the data centre is late'));
      } catch (error) {
        failed(error);
      }
      return null;
    },

    async put(subject, { answer, validated_ms }) {
      const left_s = Math.floor((answer.created_ms + LONGEST_MS - clock()) / 1000);
      if (left_s <= 0 || answer.degraded.length > 0 || !Number.isFinite(validated_ms)) return;
      // A response that says `private` would silently not be kept.
      const headers = { 'Content-Type': 'application/json', 'Cache-Control': `public, max-age=${left_s}` };
      const envelope = { format: ENVELOPE_FORMAT, validated_ms, answer };
      try {
        const cache = await open(NAME);
        await cache.put(await addressOf(subject), new Response(JSON.stringify(envelope), { headers }));
      } catch (error) {
        failed(error);
      }
    },

    async delete(subject) {
      try {
        const cache = await open(NAME);
        await cache.delete(await addressOf(subject));
      } catch (error) {
        failed(error);
      }
    },
  };
}
