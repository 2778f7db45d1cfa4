import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { OPENAPI_PACKED } from '../../edge/openapi-packed.ts';
import { routes } from '../../edge/routes.ts';
import { openapiDocument } from '../../infra/openapi/document.ts';

const FILE = join(import.meta.dirname, '../../edge/openapi.json');

test('the document that the Worker serves is the one that routes and schemas give (else: npm run openapi)', async () => {
  const document = JSON.parse(JSON.stringify(openapiDocument()));
  expect(JSON.parse(await readFile(FILE, 'utf8'))).toEqual(document);
  expect(JSON.parse(String(gunzipSync(Buffer.from(OPENAPI_PACKED, 'base64url'))))).toEqual(document);
});

test('every route is in it, with the scope that it needs, and every reference leads somewhere', () => {
  const document = openapiDocument() as {
    paths: Record<string, Record<string, { security: Record<string, string[]>[] }>>;
  };
  for (const { path, method, scope, subject } of routes) {
    const told = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    const kinds = subject === 'server' ? ['api_key'] : ['token', 'api_key'];
    expect(told?.security).toEqual(scope ? kinds.map((kind) => ({ [kind]: [scope] })) : []);
  }
  const references = JSON.stringify(document).match(/"#\/[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(50);
  for (const reference of references) {
    const steps = JSON.parse(reference).slice(2).split('/') as string[];
    const found = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)?.[step], document);
    expect(found, reference).toBeDefined();
  }
});
