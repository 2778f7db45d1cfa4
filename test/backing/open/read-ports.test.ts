import { describe, expect, test } from 'vitest';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import type { RoleName } from '#backing/open/port.ts';

const REAL = {
  POSTGRES_URL: 'postgres://h/d',
  MILVUS_ADDRESS: 'h:1',
  NEO4J_URL: 'bolt://h:1',
  NEO4J_USER: 'u',
  NEO4J_PASSWORD: 'p',
  S3_BUCKET: 'b',
};
const ALL: readonly RoleName[] = ['gateway', 'views', 'origin'];

describe('what is chosen for the ports', () => {
  test.each<[RoleName[], string, string, string]>([
    [['origin'], 'VECTORS', 'milvus', 'views and origin'],
    [['origin'], 'ANSWERS', 'redis', 'views and origin'],
    [['gateway', 'views'], 'ANSWERS', 'redis', 'views and origin'],
    [['gateway', 'views'], 'RELATIONAL', 'postgres', 'views and origin'],
    [['gateway'], 'LOG', 'kafka', 'gateway and views'],
    [['gateway', 'origin'], 'LOG', 'kafka', 'gateway and views'],
  ])(
    '%j alone cannot have %s=embedded, which the other process would not see',
    (roles, variable, real, users) => {
      expect(() => readPorts(roles, {}, { [variable]: 'embedded', DATA: '/data' })).toThrow(
        `${variable} should be ${real} (where it is left out), or embedded where ${users} are one process: npm run roles`,
      );
    },
  );

  test('what shares a process can share what is embedded, port by port', () => {
    const chosen = (roles: RoleName[], env: Record<string, string>) =>
      [...readPorts(roles, {}, { DATA: '/data', ...env }).parts].map(([port, { name }]) => `${port} ${name}`);
    const real = { ...REAL, REDIS_URL: 'redis://h:1' };
    expect(chosen(['gateway'], { KAFKA_BROKERS: 'h:1' })).toEqual(['log kafka']);
    expect(chosen(['gateway', 'views'], { LOG: 'embedded', ...real })).toEqual([
      'log embedded',
      'switches postgres',
      'relational postgres',
      'vectors milvus',
      'graph neo4j',
      'answers redis',
      'embedders hashing',
      'learnt none',
      'archive s3',
    ]);
    expect(chosen(['views', 'origin'], { ...ALL_EMBEDDED, LOG: 'kafka', KAFKA_BROKERS: 'h:1' })).toEqual([
      'log kafka',
      'switches embedded',
      'relational embedded',
      'vectors embedded',
      'graph embedded',
      'answers embedded',
      'embedders hashing',
      'learnt embedded',
      'apiKeys embedded',
      'archive embedded',
    ]);
  });

  test('a folder is asked for by what keeps files, and by nothing else', () => {
    expect(() => readPorts(ALL, {}, ALL_EMBEDDED)).toThrow('DATA should be a folder');
    const rest = { ...REAL, KAFKA_BROKERS: 'h:1', REDIS_URL: 'redis://h:1' };
    expect(() => readPorts(ALL, {}, { ANSWERS: 'embedded', ...rest })).not.toThrow();
  });

  test.each<[Record<string, string>, string]>([
    [
      { LOG: 'kafka', KAFKA_SASL: 'plain', KAFKA_USER: 'a' },
      'KAFKA_SASL needs KAFKA_USER and KAFKA_PASSWORD',
    ],
    [{ LOG: 'kafka', KAFKA_PASSWORD: 'a' }, 'KAFKA_USER and KAFKA_PASSWORD need KAFKA_SASL'],
    [{ LOG: 'kafka', KAFKA_CA: '-----BEGIN ' }, 'need KAFKA_TLS=true'],
    [{ LOG: 'kafka', KAFKA_TLS: 'true', KAFKA_KEY: '-----BEGIN ' }, 'KAFKA_CERT and KAFKA_KEY come together'],
    [{ VECTORS: 'milvus', MILVUS_CA: '-----BEGIN ' }, 'MILVUS_CA needs an https:// address'],
    [{ VECTORS: 'milvus', MILVUS_USER: 'a' }, 'MILVUS_USER and MILVUS_PASSWORD come together'],
    [{ ARCHIVE: 's3', S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'a' }, 'S3_SECRET_ACCESS_KEY come together'],
    [{ ANSWERS: 'redis', REDIS_CA: '-----BEGIN ' }, 'REDIS_CA needs a rediss:// address'],
  ])('a password or certificate that would quietly not be used is refused: %j', (asked, sentence) => {
    const addresses = { KAFKA_BROKERS: 'h:1', MILVUS_ADDRESS: 'h:1', REDIS_URL: 'redis://h:1' };
    expect(() => readPorts(ALL, {}, { ...ALL_EMBEDDED, ...addresses, DATA: '/data', ...asked })).toThrow(
      sentence,
    );
  });
});
