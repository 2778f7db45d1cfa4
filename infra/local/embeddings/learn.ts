import { setTimeout as sleep } from 'node:timers/promises';
import { LEAST_TEXTS, learnTable } from '#backing/embedder/learnt/learn.ts';
import { NoTables, noTables } from '#backing/embedder/learnt/tables.ts';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';
import { check } from './check.ts';
import { fill } from './fill.ts';
import { historyOf } from './history.ts';
import { checkAlone, type RollingOut } from './rolling-out.ts';
import { textsOf } from './texts.ts';

/**
 * Learns word vectors of what a tenant's people said, and keeps them as an embedder of its own, which every process makes vectors by when
 * this resolves; answers rest on none of them yet. Throws Mendable where they said too little: then the tenant shares the version
 * that is configured. Throws NoTables, HistoryLost, or what a port throws.
 */
export async function learn(
  on: RollingOut,
  { least_texts = LEAST_TEXTS }: { least_texts?: number } = {},
): Promise<EmbeddingVersion> {
  const { tenant_id, embedders, tables, log, archive, progress, say, noticed_ms, signal } = on;
  if (tables === noTables) throw new NoTables();
  await checkAlone(on);
  const shared = `so ${tenant_id} goes on sharing ${embedders.usual.id}`;
  const history = await historyOf(tenant_id, { log, archive }, signal);
  const corpus = await progress('reading', history.records, (at) => textsOf(history, at));
  if (corpus.texts.length < least_texts)
    throw new Mendable(
      `There are ${count(corpus.texts.length)} texts, and too little is learnt of fewer than ${count(least_texts)}, ${shared}`,
    );
  say(`learning from ${count(corpus.texts.length)} texts`);
  const table = await learnTable(corpus, signal);
  if (!table) throw new Mendable(`Too few words are used by several people, ${shared}`);
  const version = await tables.add(tenant_id, table, signal);
  say(`${version.id} was learnt: ${count(table.words.length)} words`);
  await sleep(noticed_ms, undefined, { signal });
  return version;
}

/** Gives all vectors of a version that processes make vectors of, and checks them: then a tenant can be switched to it. */
export async function rollOut(on: RollingOut, id: string, clock: () => number): Promise<EmbeddingVersion> {
  const since_ms = clock();
  const version = await fill(on, id);
  await check(on, id, since_ms);
  return version;
}
