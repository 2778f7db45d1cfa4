import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { everySetting } from '#backing/open/open-ports.ts';
import { operationsSettings } from '#backing/open/operations.ts';
import type { RoleName } from '#backing/open/port.ts';
import { gatewayRole, viewsRole } from '../../../ingest/roles.ts';
import { originRole } from '../../../origin/role.ts';
import { tierEnds } from '../../support/tier.ts';

const ROLES = [gatewayRole, viewsRole, originRole];
const NAMES: readonly RoleName[] = ['gateway', 'views', 'origin'];
const SETTINGS = Object.assign(
  everySetting(NAMES),
  operationsSettings(NAMES),
  ...ROLES.map(({ settings }) => settings),
);
const MAINS = [['ingest/main.ts', 'gateway'], ['ingest/main.ts', 'views'], ['origin/main.ts']];
/** All roles as one process, which reads every variable there is. */
const TOGETHER = [['infra/local/main.ts', ...NAMES]];

/** What no line may hold. Keys must be base64url, of 32 bytes. */
const CANARY = 'canary';
const KEYS = JSON.stringify([{ id: 'k', secret: CANARY.repeat(8) }]);
const PEM = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`;

/** Every variable, right as far as one can tell without asking, with a secret wherever one can stand. */
const secretsAt = (address: string): Record<string, string> => ({
  ORIGIN_KEYS: KEYS,
  GATEWAY_KEYS: KEYS,
  KEY_PEPPERS: KEYS,
  OPERATIONS_PORT: '0',
  POSTGRES_URL: `postgres://ada:${CANARY}@${address}/d?sslmode=require`,
  POSTGRES_PASSWORD: CANARY,
  REDIS_URL: `rediss://ada:${CANARY}@${address}`,
  REDIS_PASSWORD: CANARY,
  MILVUS_ADDRESS: `https://${address}`,
  MILVUS_TOKEN: CANARY,
  NEO4J_URL: `bolt+s://${address}`,
  NEO4J_USER: 'ada',
  NEO4J_PASSWORD: CANARY,
  S3_ENDPOINT: `https://${address}`,
  S3_BUCKET: 'bucket',
  S3_ACCESS_KEY_ID: 'ada',
  S3_SECRET_ACCESS_KEY: CANARY,
  EMBEDDER: 'http',
  EMBEDDINGS_URL: `https://${address}/v1`,
  EMBEDDINGS_MODEL: 'model',
  EMBEDDINGS_DIMENSION: '8',
  EMBEDDINGS_DIGEST: 'digest',
  EMBEDDINGS_API_KEY: CANARY,
  KAFKA_BROKERS: address,
  KAFKA_TLS: 'true',
  KAFKA_SASL: 'plain',
  KAFKA_USER: 'ada',
  KAFKA_PASSWORD: CANARY,
});
const PLAIN = {
  POSTGRES_URL: (address: string) => `postgres://ada:${CANARY}@${address}/d`,
  REDIS_URL: (address: string) => `redis://ada:${CANARY}@${address}`,
  MILVUS_ADDRESS: (address: string) => address,
  NEO4J_URL: (address: string) => `bolt://${address}`,
  S3_ENDPOINT: (address: string) => `http://${address}`,
  EMBEDDINGS_URL: (address: string) => `http://${address}/v1`,
};

/** A server that is none of those it is taken for: it says back what it is told, and hangs up. */
async function echo(): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function failures(env: Record<string, string>, mains = TOGETHER) {
  const ended = await Promise.all(mains.map((args) => tierEnds(args, env)));
  for (const { code, stdout, stderr } of ended) {
    expect(code).toBe(1);
    expect(stdout + stderr).not.toContain(CANARY);
    expect(stderr).toContain('cannot start');
  }
  return ended.map(({ stderr }) => stderr).join('\n');
}

describe('secrets never reach what a process says', { timeout: 180_000 }, () => {
  test('every variable that holds one is tried below', () => {
    const secret = Object.keys(SETTINGS).filter((name) => /PASSWORD|SECRET|KEYS?$|TOKEN|_URL$/.test(name));
    // MILVUS_PASSWORD stands instead of a token, which is given; KAFKA_KEY has a test of its own.
    const given = [...Object.keys(secretsAt('')), 'MILVUS_PASSWORD', 'KAFKA_KEY'];
    expect(secret.filter((name) => !given.includes(name))).toEqual([]);
    expect(secret.length).toBeGreaterThan(8);
  });

  test('where no service is there, each that cannot be reached is named', async () => {
    const told = await failures(secretsAt('127.0.0.1:1'), MAINS);
    for (const name of ['log', 'relational', 'vectors', 'graph', 'answers', 'embedders', 'archive'])
      expect(told).toMatch(new RegExp(`cannot be reached: .*${name} \\(`));
  });

  test('where what listens is another service, with TLS and without', async () => {
    const address = await echo();
    const plain = Object.entries(PLAIN).map(([name, of]) => [name, of(address)]);
    const env = { ...secretsAt(address), KAFKA_TLS: 'false', ...Object.fromEntries(plain) };
    await Promise.all([failures(secretsAt(address)), failures(env)]);
  });

  test('where every variable is wrong', async () => {
    const wrong = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, ` ${CANARY} `]));
    const files = Object.fromEntries(Object.entries(wrong).map(([name, value]) => [`${name}_FILE`, value]));
    await Promise.all([failures(wrong), failures(files)]);
  });

  test('where a key is not one', async () => {
    const env = { ...secretsAt('127.0.0.1:1'), KAFKA_CERT: PEM, KAFKA_KEY: PEM };
    await failures({ ...env, MILVUS_TOKEN: '', MILVUS_USER: 'ada', MILVUS_PASSWORD: CANARY });
  });
});
