import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { base64url } from '#contract/base64url.ts';
import { openapiDocument } from './document.ts';

/**
 * Writes the OpenAPI document, to be read, and packed as the Worker has it: npm run openapi, after a schema or a route
 * has changed.
 */
const write = (name: string, text: string) =>
  writeFileSync(new URL(`../../edge/${name}`, import.meta.url), text);

const document = openapiDocument();
write('openapi.json', `${JSON.stringify(document, null, 2)}\n`);
const packed = base64url(gzipSync(JSON.stringify(document), { level: 9 }));
write(
  'openapi-packed.ts',
  `/** openapi.json by gzip, in base64url: a sixth of its weight in the Worker. Written by npm run openapi. */
export const OPENAPI_PACKED =
  '${packed}';
`,
);
