import type { Log, LogRecord } from '#backing/log/port.ts';
import type { Clock } from '#contract/clock.ts';
import { topics } from '#contract/topics.ts';
import {
  type DeadLetter,
  isLetter,
  isOfForgotten,
  type LetterOrigin,
  letterId,
  readLetter,
  retryRecord,
  settledRecord,
} from './letter.ts';

/** A dead letter without the record that it holds, and how many bytes that has. */
export type Listed = Omit<DeadLetter, 'v' | 'value'> & { id: string; bytes: number };

/** The most that are listed at once. */
const LISTED = 1000;
const PAGE = 200;

type Options = { log: Log; clock: Clock };

/** What waits in the topic `dead-letters`: what was passed over, and has been neither redriven nor dropped since. */
export function deadLetters({ log, clock }: Options) {
  /** The records of a partition, in order. */
  async function* records(partition: number, end: number, signal: AbortSignal): AsyncGenerator<LogRecord> {
    for (let offset = 0; offset < end; ) {
      const page = await log.read({ topic: topics.deadLetters, partition, offset }, PAGE, signal);
      yield* page.filter((record) => record.offset < end);
      const last = page.at(-1);
      if (!last) return;
      offset = last.offset + 1;
    }
  }

  /** Whose letters are told no more, by their key, and since when. It may stand before the letter or after it. */
  async function redacted(ends: readonly number[], signal: AbortSignal): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const [partition, end] of ends.entries()) {
      for await (const { value } of records(partition, end, signal)) {
        const read = readLetter(value);
        if (!read || !('forgotten' in read)) continue;
        const { forgotten: key, forgotten_at } = read;
        if (forgotten_at > (found.get(key) ?? '')) found.set(key, forgotten_at);
      }
    }
    return found;
  }

  /** Where each letter that waits stands; of one that came again, the last. None of who was forgotten after it. */
  async function waiting(signal: AbortSignal) {
    const ends = await log.ends(topics.deadLetters, signal);
    const forgotten = await redacted(ends, signal);
    const found = new Map<string, { listed: Listed; place: LogRecord }>();
    for (const [partition, end] of ends.entries()) {
      for await (const record of records(partition, end, signal)) {
        const letter = readLetter(record.value);
        if (!letter || 'forgotten' in letter) continue;
        const id = letterId(letter);
        found.delete(id);
        if ('settled' in letter) continue;
        const since = forgotten.get(letter.key);
        if (since !== undefined && isOfForgotten(letter, since)) continue;
        const { v: _, value, ...told } = letter;
        // Where it stands, not what it holds: there may be more than fit into memory.
        const place = { ...record, value: new Uint8Array() };
        found.set(id, { listed: { id, ...told, bytes: Buffer.byteLength(value, 'base64') }, place });
      }
    }
    return found;
  }

  async function find(id: string, signal: AbortSignal): Promise<DeadLetter | null> {
    const place = (await waiting(signal)).get(id)?.place;
    if (!place) return null;
    const [record] = await log.read(place, 1, signal);
    const letter = record && readLetter(record.value);
    return letter && isLetter(letter) ? letter : null;
  }

  const settle = (origin: LetterOrigin, how: 'redriven' | 'dropped', signal: AbortSignal) =>
    log.append(topics.deadLetters, [settledRecord(origin, how, clock())], signal);

  return {
    /** All that wait, oldest first, up to LISTED of them; and how many there are. */
    async list(signal: AbortSignal): Promise<{ letters: Listed[]; total: number }> {
      const all = [...(await waiting(signal)).values()].map(({ listed }) => listed);
      all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : 1));
      return { letters: all.slice(0, LISTED), total: all.length };
    },

    /** One with the record that it holds; null where none of that id waits. */
    find,

    /**
     * Puts the record before its group again, and before no other; false where none of that id waits. It counts
     * once however often it comes; where it fails again, it comes back with one attempt more.
     */
    async redrive(id: string, signal: AbortSignal): Promise<boolean> {
      const letter = await find(id, signal);
      if (!letter) return false;
      await log.append(topics.retry, [retryRecord(letter)], signal);
      await settle(letter, 'redriven', signal);
      return true;
    },

    /** Lets the record be as if it had never come, for its group; false where none of that id waits. */
    async drop(id: string, signal: AbortSignal): Promise<boolean> {
      const letter = await find(id, signal);
      if (!letter) return false;
      await settle(letter, 'dropped', signal);
      return true;
    },
  };
}
