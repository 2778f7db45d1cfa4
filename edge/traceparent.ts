const FORM = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function hex(length_bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length_bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** The trace that a request belongs to (W3C Trace Context): the caller's where it is well formed, else a new one. */
export function traceparent(headers: Headers): string {
  const given = headers.get('traceparent');
  return given && FORM.test(given) ? given : `00-${hex(16)}-${hex(8)}-00`;
}
