import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { embeddedVectors, vectorsSchema } from '#backing/vectors/embedded.ts';
import { grownTenant, TENANT } from '../../../bench/support/growth-size.ts';
import { nearestExactly } from '../../../bench/support/nearest-exactly.ts';

const { signal } = new AbortController();
const { version } = hashingEmbedder;
const EVER = { from: '0000-01-01T00:00:00.000Z', before: '9999-12-31T23:59:59.999Z' };

function opened(schema = vectorsSchema) {
  const db = new DatabaseSync(':memory:');
  onTestFinished(() => db.close());
  db.exec(schema);
  return db;
}

/** So many that lie so close together that bytes alone would take some for nearer than they are. */
async function crowd(db: DatabaseSync) {
  const vectors = embeddedVectors(db);
  const tenant = grownTenant(
    { messages: 2_000, campaigns: 1, on: 'embedded' },
    Date.parse('2026-11-01T00:00:00.000Z'),
  );
  const questions = tenant.questions(40);
  const messages = [...tenant.messages()];
  await vectors.putMessages(version, messages, signal);
  const recall = async (left = messages, store = vectors) => {
    const exact = nearestExactly(questions, 10);
    for (const { message_id, vector } of left) exact.show(message_id, vector);
    const search = { tenant_id: TENANT, version, vectors: questions, k: 10, about_campaigns: true, ...EVER };
    const found = await store.nearestMessages(search, signal);
    return exact.recall(found.map((hits) => hits.map(({ message_id }) => message_id)));
  };
  return { vectors, messages, recall };
}

test('of the ten nearest by vectors of full width a search finds .99, and no more of who was forgotten', async () => {
  const { vectors, messages, recall } = await crowd(opened());
  expect(await recall()).toBeGreaterThanOrEqual(0.99);
  const people = [...new Set(messages.map(({ user_id }) => user_id))];
  const gone = new Set(people.slice(0, people.length / 4));
  const forgotten_at = '2026-11-01T00:00:01.000Z';
  await vectors.forget(
    [...gone].map((user_id) => ({ tenant_id: TENANT, user_id, forgotten_at })),
    signal,
  );
  await vectors.putMessages(version, messages, signal);
  const left = messages.filter(({ user_id }) => !gone.has(user_id));
  expect(await recall(left)).toBeGreaterThanOrEqual(0.99);
});

test('what an earlier build wrote, in bytes alone, is found as it found it', async () => {
  const earlier = vectorsSchema.replaceAll(', rest BLOB', '');
  expect(earlier).not.toContain('rest BLOB');
  const db = opened(earlier);
  const { recall } = await crowd(db);
  const fine = await recall();
  db.exec('UPDATE message_vectors SET rest = NULL');
  const coarse = await recall(undefined, embeddedVectors(db));
  expect(coarse).toBeGreaterThanOrEqual(0.95);
  expect(coarse).toBeLessThanOrEqual(fine);
});
