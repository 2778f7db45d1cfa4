import type { Archive } from '#backing/archive/port.ts';
import type { Expected, reference } from './reference.ts';
import { fingerprint } from './reference.ts';

type Dumped = { dump(): AsyncIterable<string> };

/** The stores that the views were written to, open to be read. */
export type Written = {
  counters: Dumped;
  profiles: Dumped;
  vectors: Dumped;
  graph: Dumped;
  archive: Pick<Archive, 'dump' | 'faults'>;
};

/** How a view compares with what it should hold. */
export type Finding = {
  view: string;
  /** How many lines, or counted events, it should hold. */
  expected: number;
  missing: number;
  /** Counted or kept more than once, or never acknowledged at all. */
  twice: number;
  /** There, and of another content. */
  different: number;
};

/** A line of a dump: its key is a JSON array, in which no space is. */
function parted(line: string): [key: string, value: string] {
  const at = line.indexOf(' ');
  return [line.slice(0, at), line.slice(at + 1)];
}

async function compareLines(
  view: string,
  expected: Expected,
  lines: AsyncIterable<[key: string, value: string]>,
): Promise<Finding> {
  const left = new Set(expected.keys());
  let [twice, different] = [0, 0];
  for await (const [key, value] of lines) {
    if (!left.delete(key)) twice++;
    else if (expected.get(key) !== value) different++;
  }
  return { view, expected: expected.size, missing: left.size, twice, different };
}

async function* keyed(store: Dumped): AsyncGenerator<[string, string]> {
  for await (const line of store.dump()) yield parted(line);
}

async function compareCounters(
  { counters }: Written,
  counts: ReadonlyMap<string, number>,
  events: number,
): Promise<Finding[]> {
  const left = new Map(counts);
  let [identities, missing, twice] = [0, 0, 0];
  for await (const [key, value] of keyed(counters)) {
    if (key.startsWith('["identity"')) identities++;
    if (!key.startsWith('["daily"') && !key.startsWith('["ten"')) continue;
    const over = Number(value) - (left.get(key) ?? 0);
    left.delete(key);
    if (over > 0) twice += over;
    else missing -= over;
  }
  for (const count of left.values()) missing += count;
  const expected = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const known = { missing: Math.max(0, events - identities), twice: Math.max(0, identities - events) };
  return [
    { view: 'identities', expected: events, ...known, different: 0 },
    { view: 'counters', expected, missing, twice, different: 0 },
  ];
}

async function* messageVectors({ vectors }: Written): AsyncGenerator<[string, string]> {
  for await (const [key, value] of keyed(vectors)) {
    const [kind, _version, ...identity] = JSON.parse(key) as string[];
    if (kind === 'message') yield [JSON.stringify(identity), JSON.stringify(JSON.parse(value).slice(0, 3))];
  }
}

async function* archived({ archive }: Written): AsyncGenerator<[string, string]> {
  for await (const [key, value] of keyed(archive)) {
    const [kind, tenant, user, message] = JSON.parse(key) as string[];
    yield [
      JSON.stringify(kind === 'event' ? [tenant, user, message] : [key]),
      fingerprint(JSON.parse(value)),
    ];
  }
}

/** What each view holds, beside what was acknowledged. */
export async function compareViews(
  written: Written,
  expected: ReturnType<ReturnType<typeof reference>['views']>,
): Promise<Finding[]> {
  const { events, vectors, graph, profiles, counts } = expected;
  const { signal } = new AbortController();
  const findings = [
    ...(await compareCounters(written, counts, events.size)),
    await compareLines('profiles', profiles, keyed(written.profiles)),
    await compareLines('graph', graph, keyed(written.graph)),
    await compareLines('vectors', vectors, messageVectors(written)),
    await compareLines('archive', events, archived(written)),
  ];
  for await (const { key, what } of written.archive.faults(signal)) {
    findings.push({ view: `archive, ${key}: ${what}`, expected: 0, missing: 0, twice: 0, different: 1 });
  }
  return findings;
}
