import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { floors } from '../../.ci/floors.ts';

const CLEAN: Readonly<Record<string, string>> = {
  'package.json': '{ "imports": { "#contract/*": "./contract/*", "#backing/*": "./backing/*" } }',
  'contract/event.ts': 'export type Event = string;',
  'backing/log/port.ts': "import type { Event } from '#contract/event.ts';\nexport type Log = Event[];",
  'backing/log/kafka.ts': "import type { Log } from './port.ts';\nexport const kafka: Log = [];",
  'edge/worker.ts':
    "import { env } from 'cloudflare:workers';\nimport type { Event } from '#contract/event.ts';",
  'origin/main.ts': "import { kafka } from '#backing/log/kafka.ts';\nimport { answer } from './answer.ts';",
  'origin/answer.ts': "import type { Log } from '#backing/log/port.ts';\nexport const answer = 1;",
  'ingest/main.ts':
    "import { kafka } from '#backing/log/kafka.ts';\nimport { readFile } from 'node:fs/promises';",
  'infra/local/cli.ts':
    "import '../../origin/main.ts';\nimport '#backing/log/kafka.ts';\nawait using files = open();",
  'test/backing/log.test.ts': "import { kafka } from '#backing/log/kafka.ts';",
};

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'floors-'));
});
afterEach(() => rm(root, { recursive: true }));

async function check(files: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return (await floors(root)).violations;
}

it('a clean tree passes, and every module and import of it is counted', async () => {
  expect(await check(CLEAN)).toEqual([]);
  expect(await floors(root)).toMatchObject({ modules: 9, imports: 12 });
});

it.each<[rule: string, file: string, text: string, to: string]>([
  ['tiers-stand-alone', 'origin/a.ts', "import '../ingest/main.ts';", 'ingest/main.ts'],
  ['tiers-stand-alone', 'ingest/a.ts', "import type { A } from '../edge/worker.ts';", 'edge/worker.ts'],
  ['tiers-stand-alone', 'edge/a.ts', "await import('../origin/answer.ts');", 'origin/answer.ts'],
  [
    'edge-knows-only-contract',
    'edge/a.ts',
    "import type { Log } from '#backing/log/port.ts';",
    'backing/log/port.ts',
  ],
  ['no-node-at-the-edge', 'edge/a.ts', "import 'node:sqlite';", 'node:sqlite'],
  ['no-node-at-the-edge', 'contract/a.ts', "import type { Hash } from 'crypto';", 'crypto'],
  ['contract-knows-nobody', 'contract/a.ts', "export * from '#backing/log/port.ts';", 'backing/log/port.ts'],
  ['backing-knows-no-tier', 'backing/a.ts', "import '../infra/local/cli.ts';", 'infra/local/cli.ts'],
  [
    'backing-knows-no-tier',
    'backing/a.ts',
    "import type { A } from '../origin/answer.ts';",
    'origin/answer.ts',
  ],
  ['adapters-are-chosen-in-main', 'origin/a.ts', "import '#backing/log/kafka.ts';", 'backing/log/kafka.ts'],
  [
    'adapters-are-chosen-in-main',
    'infra/a.ts',
    "import type { K } from '#backing/log/kafka.ts';",
    'backing/log/kafka.ts',
  ],
  ['nothing-imports-test', 'infra/a.ts', "import '../test/backing/log.test.ts';", 'test/backing/log.test.ts'],
  ['no-circle', 'origin/a.ts', "import './a.ts';", 'origin/a.ts'],
  [
    'no-unresolvable',
    'ingest/a.ts',
    "export type { A } from '#contract/missing.ts';",
    '#contract/missing.ts',
  ],
  ['no-unresolvable', 'ingest/a.ts', "import 'edge/worker.ts';", 'edge/worker.ts'],
  ['no-inline-type-import', 'edge/a.ts', "type A = import('../origin/main.ts').A[];", '../origin/main.ts'],
])('%s is reported for %s: %s', async (rule, file, text, to) => {
  expect(await check({ ...CLEAN, [file]: text })).toContain(`${rule}: ${file} -> ${to}`);
});

it('a circle of type-only imports is a circle', async () => {
  const violations = await check({
    ...CLEAN,
    'backing/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
    'backing/b.ts': "import type { A } from './a.ts';\nexport type B = A;",
  });
  expect(violations).toContain('no-circle: backing/a.ts -> backing/b.ts -> backing/a.ts');
});

it('an empty tree fails', async () => {
  expect(await check({})).toContain('nothing-seen: every folder -> no import');
});

it('a tree without one of the folders fails', async () => {
  const { 'edge/worker.ts': _, ...files } = CLEAN;
  expect(await check(files)).toEqual(['nothing-seen: edge -> no module']);
});

it('a tree in which no import is seen fails', async () => {
  const files = Object.keys(CLEAN).filter((name) => name.endsWith('.ts'));
  expect(await check(Object.fromEntries(files.map((name) => [name, 'export {};'])))).toEqual([
    'nothing-seen: every folder -> no import',
  ]);
});

it('a file that cannot be parsed stops the check', async () => {
  await expect(check({ ...CLEAN, 'edge/a.ts': 'import {' })).rejects.toThrow('edge/a.ts');
});
