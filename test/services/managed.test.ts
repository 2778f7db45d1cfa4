import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createServer } from 'node:tls';
import pg from 'pg';
import { describe, expect, onTestFinished, type TestContext, test, vi } from 'vitest';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import type { RoleName } from '#backing/open/port.ts';
import { connectionOf } from '#backing/postgres/address.ts';
import { topics } from '#contract/topics.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { foldersOf, type Place } from '../../infra/services/place.ts';
import { postgres } from '../../infra/services/postgres.ts';
import { redis } from '../../infra/services/redis.ts';
import { runInto } from '../../infra/services/run.ts';
import type { Service } from '../../infra/services/service.ts';
import { authority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePorts } from './free-ports.ts';
import { onService } from './on-service.ts';
import { ownBroker } from './support-kafka-broker.ts';

const { signal } = new AbortController();
const ALL: RoleName[] = ['gateway', 'views', 'origin'];
/** With what an address gives a meaning to. */
const PASSWORD = 'p@ss/w:rd%41#?';
const WRONG = 'canary-of-a-password';

/** The ports on what the environment says, embedded where it says nothing; closed when the test has finished. */
async function openWith(env: Record<string, string>) {
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const chosen = readPorts(ALL, {}, { ...ALL_EMBEDDED, DATA: await temporaryFolder(), ...env });
  const means = { clock: Date.now, report: () => {}, application: 'test' };
  return await openPorts<'gateway' | 'views' | 'origin'>(stack, chosen, means);
}

/** What a process would say of it. */
async function refusal(env: Record<string, string>): Promise<string> {
  const error = await openWith(env).then(
    () => expect.fail('It was opened'),
    (thrown: Error & { code?: string }) => thrown,
  );
  expect(error.code).toBe('services_unreachable');
  expect(error.message).not.toContain(WRONG);
  expect(error.message).not.toContain(PASSWORD);
  return error.message;
}

/** A file that holds a secret as Kubernetes mounts it. */
async function secretFile(secret: string): Promise<string> {
  const file = join(await temporaryFolder(), 'secret');
  await writeFile(file, `${secret}\n`);
  return file;
}

/** Where a server of our own can stand, in a folder that other accounts may enter; null where none is installed. */
async function placeFor(service: Service): Promise<Place | null> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o711);
  const [main = 0] = await freePorts(1);
  const { installs } = foldersOf(process.env, process.getuid?.());
  const run = runInto(join(await temporaryFolder(), 'log'), signal);
  const data = join(folder, service.name);
  const portsOf = (other: Pick<Service, 'ports'>) => other.ports;
  const place = { ports: { main }, installs, data, run, portsOf };
  return (await service.installed(place)) ? place : null;
}

function skip(context: TestContext, name: string): void {
  console.warn(`SKIPPED, no ${name} of its own: run npm run services -- up ${name}, which installs one`);
  context.skip();
}

function gone(child: ChildProcess): void {
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  });
}

onService({ name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' }, () => {
  describe('Kafka that asks who is there, by the environment', () => {
    test('lets in by SASL and TLS whom it should, and tells the others why not', async (context) => {
      const [trusted, other] = [await authority(), await authority()];
      const server = await trusted.sign('server', 'IP:127.0.0.1');
      const client = await trusted.sign('client', 'DNS:client');
      const [sasl = 0, tls = 0, both = 0, mutual = 0] = await freePorts(4);
      const keystore = join(dirname(server.cert_file), 'keystore.pem');
      await writeFile(keystore, server.key + server.cert);
      const at = (name: string, port: number) => `${name}://127.0.0.1:${port}`;
      const own = [at('SASL', sasl), at('TLS', tls), at('BOTH', both), at('MUTUAL', mutual)].join();
      const login = 'org.apache.kafka.common.security';
      const properties = ({ ports }: { ports: Record<string, number> }) => ({
        listeners: `${at('PLAINTEXT', ports['main'] as number)},${at('CONTROLLER', ports['controller'] as number)},${own}`,
        'advertised.listeners': `${at('PLAINTEXT', ports['main'] as number)},${own}`,
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,BOTH:SASL_SSL,MUTUAL:SSL',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.sasl.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_ada="${PASSWORD}";`,
        ...Object.fromEntries(
          ['sasl', 'both'].flatMap((listener) =>
            ['scram-sha-256', 'scram-sha-512'].map((mechanism) => [
              `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
              `${login}.scram.ScramLoginModule required;`,
            ]),
          ),
        ),
        'listener.name.both.sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': keystore,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': trusted.ca_file,
        'listener.name.mutual.ssl.client.auth': 'required',
      });
      const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
        (mechanism) => `${mechanism}=[name=ada,password=${PASSWORD}]`,
      );
      const broker = await ownBroker({ properties, scram });
      if (!broker) return skip(context, 'kafka');

      const base = { LOG: 'kafka', KAFKA_PARTITIONS: '1', KAFKA_REPLICAS: '1' };
      const user = { KAFKA_USER: 'ada', KAFKA_PASSWORD_FILE: await secretFile(PASSWORD) };
      const wrong = { KAFKA_USER: 'ada', KAFKA_PASSWORD: WRONG };
      const on = (port: number) => ({ ...base, KAFKA_BROKERS: `127.0.0.1:${port}` });
      const known = { KAFKA_TLS: 'true', KAFKA_CA_FILE: trusted.ca_file };
      const certified = { KAFKA_CERT_FILE: client.cert_file, KAFKA_KEY_FILE: client.key_file };
      for (const env of [
        { ...on(sasl), KAFKA_SASL: 'plain', ...user },
        { ...on(sasl), KAFKA_SASL: 'scram-sha-256', ...user },
        { ...on(sasl), KAFKA_SASL: 'scram-sha-512', ...user },
        { ...on(tls), ...known },
        { ...on(both), ...known, KAFKA_SASL: 'scram-sha-512', ...user },
        { ...on(mutual), ...known, ...certified },
      ]) {
        const { log } = await openWith(env);
        const places = await log.append(topics.events, [{ key: 'k', value: Buffer.from('v') }], signal);
        expect(places).toHaveLength(1);
      }

      const outside =
        /Kafka at 127\.0\.0\.1:\d+ does not let us in: mend KAFKA_SASL, KAFKA_USER or KAFKA_PASSWORD/;
      for (const KAFKA_SASL of ['plain', 'scram-sha-256', 'scram-sha-512'])
        expect(await refusal({ ...on(sasl), KAFKA_SASL, ...wrong })).toMatch(outside);
      const untrusted = /shows a certificate that is not trusted here: see KAFKA_CA/;
      expect(await refusal({ ...on(tls), KAFKA_TLS: 'true' })).toMatch(untrusted);
      const foreign = { ...on(tls), KAFKA_TLS: 'true', KAFKA_CA: other.ca };
      expect(await refusal(foreign)).toMatch(untrusted);
      expect(await refusal({ ...on(mutual), ...known })).toMatch(/Kafka cannot be prepared/);
    });
  });
});

onService({ name: 'Redis', variable: 'REDIS_URL', up: 'redis' }, () => {
  test('Redis with TLS and a password lets in whom it should, and tells the others why not', async (context) => {
    const place = await placeFor(redis);
    if (!place) return skip(context, 'redis');
    const [trusted, other] = [await authority(), await authority()];
    const { cert_file, key_file } = await trusted.sign('server', 'IP:127.0.0.1');
    const port = place.ports.main;
    const settings = {
      port: 0,
      'tls-port': port,
      'tls-cert-file': cert_file,
      'tls-key-file': key_file,
      'tls-ca-cert-file': trusted.ca_file,
      'tls-auth-clients': 'no',
      requirepass: PASSWORD,
    };
    const { command, args } = await redis.start(place);
    const more = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    gone(spawn(command, [...args, ...more], { stdio: 'ignore' }));
    await reachable(port);

    const REDIS_URL = `rediss://127.0.0.1:${port}`;
    const known = { ANSWERS: 'redis', REDIS_URL, REDIS_CA: trusted.ca };
    const inUrl = `rediss://default:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`;
    for (const env of [
      { ...known, REDIS_PASSWORD_FILE: await secretFile(PASSWORD) },
      { ...known, REDIS_URL: inUrl },
    ]) {
      const { answers } = await openWith(env);
      await answers.raise([{ tenant_id: 'acme', user_id: 'ada' }], signal);
      expect((await answers.read('acme', 'ada', signal)).user).toBeGreaterThan(0);
    }
    const outside = `Redis at 127.0.0.1:${port} does not let us in`;
    expect(await refusal({ ...known, REDIS_PASSWORD: WRONG })).toContain(outside);
    expect(await refusal(known)).toContain(outside);
    const untrusted = 'shows a certificate that is not trusted here: see REDIS_CA';
    expect(await refusal({ ANSWERS: 'redis', REDIS_URL: inUrl })).toContain(untrusted);
    expect(await refusal({ ...known, REDIS_URL: inUrl, REDIS_CA: other.ca })).toContain(untrusted);
  });
});

onService({ name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' }, () => {
  test('PostgreSQL with TLS lets in whom it should, verifies whom it speaks to, and tells the others why not', async (context) => {
    const place = await placeFor(postgres);
    if (!place) return skip(context, 'postgres');
    const [trusted, other] = [await authority(), await authority()];
    const [right, anothers] = [
      await trusted.sign('server', 'IP:127.0.0.1'),
      await trusted.sign('another', 'DNS:elsewhere.test'),
    ];
    const { main } = place.ports;
    const folder = dirname(place.data);
    const { command, args, as } = await postgres.start(place);
    const file = { cert: join(folder, 'server.pem'), key: join(folder, 'server.key') };
    const serve = async ({ cert_file, key_file }: typeof right) => {
      await copyFile(cert_file, file.cert);
      await copyFile(key_file, file.key);
      await chmod(file.key, 0o600);
      for (const path of as ? [file.cert, file.key] : []) await chown(path, as?.uid ?? 0, as?.gid ?? 0);
    };
    await serve(right);
    const ssl = ['-c', 'ssl=on', '-c', `ssl_cert_file=${file.cert}`, '-c', `ssl_key_file=${file.key}`];
    const child = spawn(command, [...args, ...ssl], { stdio: 'ignore', cwd: '/', ...as });
    gone(child);
    await reachable(main);

    const local = `postgres://edgewise:edgewise@127.0.0.1:${main}/edgewise`;
    await vi.waitFor(() => query(local, 'SELECT 1'), { timeout: 30_000, interval: 100 });
    await query(local, `ALTER ROLE edgewise PASSWORD '${PASSWORD}'`);
    const address = `postgres://edgewise@127.0.0.1:${main}/edgewise`;
    const POSTGRES_URL = `${address}?sslmode=require`;
    const target = { url: POSTGRES_URL, password: PASSWORD, ca: trusted.ca };
    await migrate({ ...target, schema: 'edgewise' }, { direction: 'up' });
    expect(
      await query(connectionOf(target), 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'),
    ).toEqual([{ ssl: true }]);

    const known = { RELATIONAL: 'postgres', POSTGRES_URL, POSTGRES_CA: trusted.ca };
    const entitled = { ...known, POSTGRES_PASSWORD_FILE: await secretFile(PASSWORD) };
    const { relational } = await openWith(entitled);
    expect(await relational.catalogue.get('acme', 'none', signal)).toBeNull();

    expect(await refusal({ ...known, POSTGRES_PASSWORD: WRONG })).toContain('does not let this user in');
    const untrusted = 'shows a certificate that is not trusted here: see POSTGRES_CA';
    expect(await refusal({ ...entitled, POSTGRES_CA: '' })).toContain(untrusted);
    expect(await refusal({ ...entitled, POSTGRES_CA: other.ca })).toContain(untrusted);
    await serve(anothers);
    child.kill('SIGHUP');
    await vi.waitFor(
      async () => expect(await refusal(entitled)).toContain('shows the certificate of another host'),
      { timeout: 30_000, interval: 200 },
    );
  });
});

onService({ name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' }, (milvus) => {
  test('Milvus behind TLS is reached by its authority, and by no other', async () => {
    const [trusted, other] = [await authority(), await authority()];
    const { cert, key } = await trusted.sign('server', 'IP:127.0.0.1');
    const { hostname, port } = new URL(`tcp://${milvus}`);
    const front = createServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
      const behind = connect(Number(port), hostname);
      for (const one of [socket, behind]) one.on('error', () => void [socket.destroy(), behind.destroy()]);
      socket.pipe(behind).pipe(socket);
      onTestFinished(() => void socket.destroy());
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    onTestFinished(() => void front.close());
    const MILVUS_ADDRESS = `https://127.0.0.1:${(front.address() as { port: number }).port}`;
    const env = { VECTORS: 'milvus', MILVUS_ADDRESS, MILVUS_PREFIX: 'test_managed_' };
    const { vectors } = await openWith({ ...env, MILVUS_CA: trusted.ca });
    const version = { id: 'v', dimension: 4, metric: 'cosine', digest: 'd' } as const;
    expect(await vectors.campaign(version, 'acme', 'none', signal)).toBeNull();
    const untrusted = 'shows a certificate that is not trusted here: see MILVUS_CA';
    expect(await refusal(env)).toContain(untrusted);
    expect(await refusal({ ...env, MILVUS_CA: other.ca })).toContain(untrusted);
  });
});

async function reachable(port: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
    },
    { timeout: 30_000, interval: 50 },
  );
}

async function query(to: string | pg.ClientConfig, text: string) {
  const client = new pg.Client(to);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
