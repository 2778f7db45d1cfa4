/** All lines of a dump, or all of what else comes one by one. */
export async function collect<Line = string>(dump: AsyncIterable<Line>): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of dump) lines.push(line);
  return lines;
}

/** The key that a line of a dump begins with: a JSON array, in which no space can stand. */
function keyOf(line: string): (string | number | null)[] {
  return JSON.parse(line.slice(0, line.indexOf(' ')));
}

/** What a dump has got since it was last asked: lets many runs of a property share one store, a tenant each. */
export function newLines(dump: () => AsyncIterable<string>): () => Promise<string[]> {
  let seen = new Set<string>();
  return async () => {
    const lines = await collect(dump());
    const added = lines.filter((line) => !seen.has(line));
    seen = new Set(lines);
    return added;
  };
}

/** True where the lines rise by their keys, part by part, so that no two have the same. */
export function isSortedByKey(lines: readonly string[]): boolean {
  return lines.every((line, at) => at === 0 || precedes(keyOf(lines[at - 1] as string), keyOf(line)));
}

function precedes(a: readonly unknown[], b: readonly unknown[]): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && String(a[at]) < String(b[at]);
}
