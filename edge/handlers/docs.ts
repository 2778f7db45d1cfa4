import { fromBase64url } from '#contract/base64url.ts';
import { docsPage } from '../docs-page.ts';
import { OPENAPI_PACKED } from '../openapi-packed.ts';
import { withCommon } from '../respond.ts';
import type { Handler } from './handler.ts';

const CACHED = 'public, max-age=300';
/** The page has no script and loads nothing, and no browser is to let it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

let json: string | undefined;
let page: string | undefined;

/** The OpenAPI document, generated from the schemas that validate requests. */
export const openapi: Handler = async () => {
  json ??= await unpacked();
  return withCommon(
    new Response(json, { headers: { 'Content-Type': 'application/json', 'Cache-Control': CACHED } }),
  );
};

/** The same, to be read by people. */
export const docs: Handler = async () => {
  page ??= docsPage(JSON.parse(await unpacked()));
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': CACHED,
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
  };
  return withCommon(new Response(page, { headers }));
};

/** Not shared while it is under way: a request's work cannot be waited for by another. */
async function unpacked(): Promise<string> {
  const packed = fromBase64url(OPENAPI_PACKED);
  if (!packed) throw new Error('The packed OpenAPI document is no base64url: run npm run openapi');
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(plain).text();
}
