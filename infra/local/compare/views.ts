/** A line of a dump, as far as it must be the same on both sides, and the vector that need only be near. */
export type Canonical = { text: string; vector: Int8Array | null };

export type View = { name: string; canonical(line: string): Canonical };

const whole = (text: string): Canonical => ({ text, vector: null });

/** Every view that is compared, by the name of its store: one line each. */
export const VIEWS: readonly View[] = [
  { name: 'catalogue', canonical: whole },
  { name: 'counters', canonical: whole },
  { name: 'profiles', canonical: whole },
  { name: 'vectors', canonical: withoutVector },
  { name: 'graph', canonical: whole },
  { name: 'archive', canonical: whole },
];

/** A line of vectors ends with the vector's bytes in base64, or with null where there is none; who was forgotten has none. */
function withoutVector(line: string): Canonical {
  if (line.startsWith('["forgotten",')) return whole(line);
  const at = line.indexOf(' ') + 1;
  const content: (string | null)[] = JSON.parse(line.slice(at));
  const bytes = content.pop() ?? null;
  const vector = bytes === null ? null : new Int8Array(Buffer.from(bytes, 'base64'));
  return { text: `${line.slice(0, at)}${JSON.stringify(content)} ${vector?.length ?? 'none'}`, vector };
}
