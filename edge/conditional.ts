const ENTITY_TAG = /(?:W\/)?"([\x21\x23-\x7e]*)"/g;

/** The part of an ETag that a weak comparison looks at (RFC 9110, section 8.8.3.2). */
function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}

/** True where `If-None-Match` names the ETag, among others or by `*`: what the client has is what it would get. */
export function notModified(request: Request, etag: string): boolean {
  const given = request.headers.get('If-None-Match');
  if (given === null || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  if (given === etag || given.trim() === '*') return true;
  const wanted = opaque(etag);
  return given.match(ENTITY_TAG)?.some((tag) => opaque(tag) === wanted) ?? false;
}
