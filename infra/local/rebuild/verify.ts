import { compareDumps } from '../compare/compare-dumps.ts';
import { VIEWS } from '../compare/views.ts';

/** The new version is not as the old one. The message has the first lines that differ. */
export class VersionsDiffer extends Error {
  readonly code = 'versions_differ';
  readonly retryable = false;
}

type Dumped = { dump(): AsyncIterable<string> };
/** The stores of a view, by the names that dumps are compared by. */
export type DumpedStores = Readonly<Record<string, Dumped>>;

/**
 * What was found: lines compared; of these such that changed from one look to the next, so that none was final; and such
 * that differ since the archive no longer has what people did who were forgotten.
 */
export type Verified = { lines: number; moving: number; forgotten: number };

const LOOKS = 5;
/** The most differing lines that are kept. */
const MOST = 50_000;

/** Lines that differ, by store and key; what each side has. */
type Differing = Map<string, string>;

async function look(
  left: DumpedStores,
  right: DumpedStores,
): Promise<{ lines: number; differing: Differing; forgotten: number }> {
  const differing: Differing = new Map();
  const forgotten: Differing = new Map();
  let forgot = false;
  let lines = 0;
  for (const [name, one] of Object.entries(left)) {
    const view = VIEWS.find((known) => known.name === name);
    const other = right[name];
    if (!view || !other) throw new Error(`There is no way to compare ${name}`);
    const canonical: typeof view.canonical = (line) => {
      forgot ||= line.startsWith('["forgotten"');
      return view.canonical(line);
    };
    const compared = await compareDumps(one.dump(), other.dump(), canonical, {
      onDiffer(a, b) {
        const key = `${name} ${(a ?? b)?.split(' ', 1)[0]}`;
        const to = isForgotten(a, b) ? forgotten : differing;
        if (to.size < MOST) to.set(key, `  - ${a ?? 'no line'}\n  + ${b ?? 'no line'}`);
      },
    });
    lines += compared.lines[1];
  }
  // Where nobody was forgotten there is nothing that could be lacking.
  if (!forgot) for (const [key, pair] of forgotten) differing.set(key, pair);
  return { lines, differing, forgotten: forgot ? forgotten.size : 0 };
}

/**
 * True where the archive no longer has what a person who was forgotten did: of the counts of a day or ten minutes there
 * are fewer, and nobody can tell which messages were theirs, and so which replies led to them.
 */
function isForgotten(a: string | null, b: string | null): boolean {
  const countOf = (line: string | null) => Number(line?.slice(line.indexOf(' ') + 1) ?? 0);
  if (a === null) return b?.startsWith('["answered"') === true;
  if (b === null && a.startsWith('["forgotten"')) return true;
  return /^\["(daily|ten)"/.test(a) && countOf(b) < countOf(a);
}

/**
 * Compares two versions of a view while both are being written. A line that differs may be one of which the one
 * version has had an event that the other has not yet; so lines that differ are looked at again, once both have
 * handled all that stood on the log then, as `settled` sees to. What differs twice and has not changed on either side is
 * wrong. Throws VersionsDiffer.
 */
export async function verify(
  left: DumpedStores,
  right: DumpedStores,
  settled: () => Promise<void>,
): Promise<Verified> {
  let before: Differing | null = null;
  for (let at = 1; ; at++) {
    await settled();
    const { lines, differing, forgotten } = await look(left, right);
    const still = [...differing].filter(([key, pair]) => before?.get(key) === pair);
    if (still.length > 0) {
      const told = still.slice(0, 5).map(([key, pair]) => `${key.slice(0, 100)}\n${pair.slice(0, 600)}`);
      throw new VersionsDiffer(
        `${still.length} lines of the new version differ:\n${told.join('\n')}\n` +
          'Where retention took these from the old one, run it again, since the new one is kept up as well; then this.',
      );
    }
    if (differing.size === 0 || at === LOOKS) return { lines, moving: differing.size, forgotten };
    before = differing;
  }
}
