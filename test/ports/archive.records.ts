import * as v from 'valibot';
import { decode } from '#backing/archive/parquet.ts';
import type { Archivable } from '#backing/archive/port.ts';
import { archivable } from '#backing/archive/readable.ts';
import { listAll, type Objects } from '#backing/objects/port.ts';
import { eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { topics } from '#contract/topics.ts';

const { signal } = new AbortController();
export const whose = { topic: topics.events, partition: 3 };

/** When events are accepted, one a minute; they occurred just before. */
export const minute = (at: number) =>
  new Date(Date.parse('2026-11-23T08:30:00.000Z') + 60_000 * at).toISOString();

export const clickOf = (user_id: string, at: number, occurred_at: string): Event =>
  v.parse(Event, { type: 'click', message_id: `m-${at}`, user_id, campaign_id: 'c-1', occurred_at });

/** So many events of these people in turn, as a log would give them. */
export function rowsOf(count: number, people: readonly string[] = ['ada', 'ben', 'cyd']): Archivable[] {
  return Array.from({ length: count }, (_, offset) => {
    const user_id = people[offset % people.length] as string;
    const event = clickOf(user_id, offset, minute(offset));
    const message = eventRecord({ tenant_id: 'acme', accepted_at: minute(offset), event });
    return archivable({ ...whose, offset, appended_ms: Date.parse(minute(offset)), ...message });
  });
}

export const user = ({ record }: Archivable) => (JSON.parse(record.key) as string[])[1] as string;
export const offsetOf = ({ record }: Archivable) => record.offset;

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

/** Every row of every file there is, whether the manifest names it or not. */
export async function rowsInObjects(objects: Objects): Promise<Archivable[]> {
  const found: Archivable[] = [];
  for await (const { key } of listAll(objects, '', signal)) {
    const object = key.endsWith('.parquet') ? await objects.get(key, signal) : null;
    for await (const records of object ? decode(key, object.body) : [])
      found.push(...records.map(archivable));
  }
  return found;
}
