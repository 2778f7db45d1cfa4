/** The 16-bit groups of an IPv6 address's half, as they are written. */
function groups(half: string): string[] {
  return half === '' ? [] : half.split(':');
}

/**
 * What an address is counted by: itself, or for IPv6 the /64 that it is in, since whoever has one has all of it. An IPv4
 * address in IPv6 clothes counts as itself.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [bare = ''] = address.toLowerCase().split('%', 1);
  const [left = '', right] = bare.split('::', 2);
  const [first, last] = [groups(left), groups(right ?? '')];
  const between = right === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...Array.from({ length: between }, () => '0'), ...last];
  const prefix = all.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${prefix.join(':')}::/64`;
}
