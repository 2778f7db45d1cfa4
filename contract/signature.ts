import { base64, fromBase64url } from './base64url.ts';
import { type Caller, readScopes } from './caller.ts';

/**
 * HTTP Message Signatures between the tiers (RFC 9421, `hmac-sha256`) over the method, authority, path,
 * query, who asks, the deadline, and, where there is a body, its digest (RFC 9530, of the encoded bytes).
 * Only the one form that `sign` writes is accepted, so there is no second reading of a signature.
 */
export type SigningKey = { id: string; secret: string };

/** A key ready for use. */
export type Key = { id: string; hmac: Awaited<ReturnType<typeof crypto.subtle.importKey>> };

/** How long a signature holds. */
export const EXPIRES_S = 30;
const LEEWAY_S = 5;

const TENANT = 'edgewise-tenant';
const SUBJECT = 'edgewise-subject';
const SCOPES = 'edgewise-scopes';
const DEADLINE = 'edgewise-deadline';
const DIGEST = 'content-digest';

const ALWAYS = ['@method', '@authority', '@path', '@query', TENANT, SUBJECT, SCOPES, DEADLINE];

/** What is signed of a request. `deadline_ms` is how long the answer may take from when it is sent. */
export type Signed = {
  method: string;
  url: URL;
  caller: Caller;
  deadline_ms: number;
  body: Uint8Array<ArrayBuffer> | null;
};

/** A signature that does not hold. `code` says why; the message is for the log and the caller alike. */
export class BadSignature extends Error {
  readonly code: 'missing' | 'malformed' | 'unknown_key' | 'expired' | 'altered';
  readonly retryable = false;
  constructor(code: BadSignature['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const encoder = new TextEncoder();

/** Prepares keys: the first signs, all verify, so that one can be brought in before the other goes. */
export async function importKeys(keys: readonly SigningKey[]): Promise<Key[]> {
  return Promise.all(
    keys.map(async ({ id, secret }) => {
      const bytes = fromBase64url(secret);
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(id))
        throw new Error('A signing key needs an id of letters, digits, "_" and "-"');
      if (!bytes || bytes.length < 32)
        throw new Error(`Signing key ${id} needs a secret of at least 32 bytes, in base64url`);
      // Extractable, so that Node can check by its own HMAC.
      const hmac = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, true, [
        'sign',
        'verify',
      ]);
      return { id, hmac };
    }),
  );
}

/** `Content-Digest` of a body (RFC 9530). */
export async function contentDigest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${base64(new Uint8Array(await crypto.subtle.digest('SHA-256', body)))}:`;
}

function signatureParams(
  components: readonly string[],
  created: number,
  expires: number,
  keyid: string,
): string {
  return `(${components.map((name) => `"${name}"`).join(' ')});created=${created};expires=${expires};keyid="${keyid}"`;
}

/**
 * The signature base (RFC 9421, section 2.5), but that a header that is not there counts as an empty one: it says the
 * same, and not every hop hands empty headers on.
 */
export function signatureBase(
  method: string,
  url: URL,
  headers: Headers,
  components: readonly string[],
  params: string,
): string {
  const values: Record<string, string> = {
    '@method': method,
    '@authority': url.host.toLowerCase(),
    '@path': url.pathname,
    '@query': url.search || '?',
  };
  const lines = components.map((name) => `"${name}": ${values[name] ?? headers.get(name)?.trim() ?? ''}`);
  return [...lines, `"@signature-params": ${params}`].join('\n');
}

/** The headers that sign a request, with those it signs. */
export async function sign(request: Signed, key: Key, now_ms: number): Promise<Headers> {
  const { method, url, caller, deadline_ms, body } = request;
  const headers = new Headers({
    [TENANT]: caller.tenant_id,
    [SUBJECT]: caller.subject ?? '',
    [SCOPES]: caller.scopes.join(' '),
    [DEADLINE]: String(Math.max(0, Math.floor(deadline_ms))),
  });
  if (body) headers.set(DIGEST, await contentDigest(body));
  const created = Math.floor(now_ms / 1000);
  const components = body ? [...ALWAYS, DIGEST] : ALWAYS;
  const params = signatureParams(components, created, created + EXPIRES_S, key.id);
  const base = signatureBase(method, url, headers, components, params);
  const mac = await crypto.subtle.sign('HMAC', key.hmac, encoder.encode(base));
  headers.set('signature-input', `sig=${params}`);
  headers.set('signature', `sig=:${base64(new Uint8Array(mac))}:`);
  return headers;
}

const INPUT =
  /^sig=\(("[a-z@-]+"(?: "[a-z@-]+")*)\);created=(\d{1,12});expires=(\d{1,12});keyid="([A-Za-z0-9_-]{1,64})"$/;

/** 32 bytes in their one spelling: padded, and with no bit left over in the last character. */
const MAC = /^sig=:([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=):$/;

/** Whether a MAC is that of a text by a key, in constant time. */
export type Fits = (key: Key, mac: Uint8Array<ArrayBuffer>, text: string) => boolean | Promise<boolean>;

const fitsBySubtle: Fits = ({ hmac }, mac, text) =>
  crypto.subtle.verify('HMAC', hmac, mac, encoder.encode(text));

/** A request as it came, without its body. */
type Head = { method: string; url: URL; headers: Headers };

/**
 * Checks a request's signature and, where it has a body, its digest. Answers who asks and how long the
 * answer may take; throws BadSignature.
 */
export async function verify(
  request: Head & { body: Uint8Array<ArrayBuffer> | null },
  keys: readonly Key[],
  now_ms: number,
): Promise<{ caller: Caller; deadline_ms: number }> {
  const verified = await verifyHeaders(request, keys, now_ms);
  await verifyBody(request.headers, request.body ?? new Uint8Array());
  return verified;
}

/**
 * Checks all of a request's signature that can be checked before its body is read, so that a stranger's body
 * never has to be. Nothing of the body is known before `verifyBody`. Throws BadSignature.
 */
export async function verifyHeaders(
  { method, url, headers }: Head,
  keys: readonly Key[],
  now_ms: number,
  fits: Fits = fitsBySubtle,
): Promise<{ caller: Caller; deadline_ms: number }> {
  const [input, signature] = [headers.get('signature-input'), headers.get('signature')];
  if (!input || !signature) throw new BadSignature('missing', 'The request is not signed');
  const parts = INPUT.exec(input);
  const mac = MAC.exec(signature)?.[1];
  const bytes = mac ? fromBase64url(mac) : null;
  const expected = headers.has(DIGEST) ? [...ALWAYS, DIGEST] : ALWAYS;
  if (!parts || !bytes || parts[1] !== expected.map((name) => `"${name}"`).join(' ')) {
    throw new BadSignature('malformed', 'The signature is not of the form that is accepted here');
  }
  const [created, expires, now] = [Number(parts[2]), Number(parts[3]), now_ms / 1000];
  if (
    created > now + LEEWAY_S ||
    expires < now - LEEWAY_S ||
    expires - created > EXPIRES_S ||
    expires < created
  ) {
    throw new BadSignature('expired', 'The signature has expired, or is not valid yet; compare the clocks');
  }
  const key = keys.find(({ id }) => id === parts[4]);
  if (!key) throw new BadSignature('unknown_key', 'The signature is by a key that is not known here');
  const base = signatureBase(method, url, headers, expected, input.slice('sig='.length));
  if (!(await fits(key, bytes, base))) {
    throw new BadSignature('altered', 'The signature does not fit the request');
  }
  const deadline_ms = Number(headers.get(DEADLINE));
  if (!Number.isSafeInteger(deadline_ms)) throw new BadSignature('malformed', 'The deadline is no number');
  return {
    caller: {
      tenant_id: headers.get(TENANT) ?? '',
      subject: headers.get(SUBJECT) || null,
      scopes: readScopes(headers.get(SCOPES) ?? ''),
    },
    deadline_ms,
  };
}

/** Checks a body, empty where there is none, against the digest that was signed. Throws BadSignature. */
export async function verifyBody(headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const digest = headers.get(DIGEST);
  if (digest === null && body.byteLength === 0) return;
  if (digest === null)
    throw new BadSignature('altered', 'The body was not signed: its Content-Digest is missing');
  if (digest !== (await contentDigest(body)))
    throw new BadSignature('altered', 'The body is not the one that was signed');
}
