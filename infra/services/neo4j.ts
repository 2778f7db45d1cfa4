import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { complete, isComplete } from './completed.ts';
import { giveTo } from './give-to.ts';
import { mavenInstall } from './maven.ts';
import type { Place } from './place.ts';
import type { Service } from './service.ts';
import { ask, HOST } from './tcp.ts';

const VERSION = '5.26.30';
const [USER, PASSWORD] = ['neo4j', 'edgewise-local'];
const HEAP = '512m';

/** What Neo4j's own start script gives to Java 17. */
const JAVA = [
  '-XX:+UseG1GC',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/java.io=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-opens=java.base/java.util.concurrent=ALL-UNNAMED',
  '-Dlog4j2.disable.jmx=true',
  '-Dio.netty.tryReflectionSetAccessible=true',
  '-Dorg.neo4j.shaded.lucene9.vectorization.upperJavaFeatureVersion=25',
];

const folder = ({ installs }: Place) => join(installs, `neo4j-${VERSION}`);
const classes = (place: Place) => ['-cp', join(folder(place), 'libs', '*')];

/** Neo4j 5 LTS, the community's edition, from its Maven artifacts. */
export const neo4j: Service = {
  name: 'neo4j',
  about: `Neo4j ${VERSION}`,
  usual: true,
  ports: { main: 27687, http: 27474 },
  stopSignal: 'SIGTERM',

  installed: async (place) => (isComplete(folder(place)) ? VERSION : null),

  async install(place) {
    await complete(folder(place), () =>
      mavenInstall(place, folder(place), [
        `org.neo4j.app:neo4j-server:${VERSION}`,
        `org.neo4j:neo4j:${VERSION}`,
        `org.neo4j:neo4j-bolt:${VERSION}`,
      ]),
    );
  },

  async start(place) {
    const { data } = place;
    giveTo(data, undefined);
    const conf = join(data, 'conf');
    for (const name of ['conf', 'data', 'logs', 'plugins', 'import', 'run']) {
      mkdirSync(join(data, name), { recursive: true });
    }
    writeFileSync(join(conf, 'neo4j.conf'), settings(place));
    const made = join(data, 'made');
    if (!existsSync(made)) {
      const admin = ['org.neo4j.server.startup.Neo4jAdminCommand', 'dbms', 'set-initial-password', PASSWORD];
      const env = { NEO4J_HOME: data, NEO4J_CONF: conf };
      await place.run('java', ['-Xmx256m', ...JAVA, ...classes(place), ...admin], { env });
      mkdirSync(made);
    }
    const server = ['org.neo4j.server.CommunityEntryPoint', `--home-dir=${data}`, `--config-dir=${conf}`];
    const java = [`-Xms${HEAP}`, `-Xmx${HEAP}`, ...JAVA, ...classes(place)];
    return { command: 'java', args: [...java, ...server, '--console-mode'] };
  },

  async ready({ main, http }, signal) {
    const chosen = await ask(main, HANDSHAKE, signal);
    if (chosen.readUInt32BE() === 0) throw new Error('Bolt 5 is refused');
    const answer = await fetch(`http://${HOST}:${http}/db/neo4j/tx/commit`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`,
      },
      body: JSON.stringify({ statements: [{ statement: 'RETURN 1' }] }),
      signal,
    });
    const { errors } = (await answer.json()) as { errors?: { message: string }[] };
    if (!answer.ok || errors?.[0]) throw new Error(errors?.[0]?.message ?? `Answered ${answer.status}`);
  },

  env: ({ main }) => ({
    NEO4J_URL: `bolt://${HOST}:${main}`,
    NEO4J_USER: USER,
    NEO4J_PASSWORD: PASSWORD,
  }),
};

/** Bolt's magic number and what we would speak: 5.4 down to 5.0, and three times nothing. */
const HANDSHAKE = Uint8Array.of(0x60, 0x60, 0xb0, 0x17, 0, 4, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

function settings({ ports }: Place): string {
  const bolt = `${HOST}:${ports.main}`;
  const lines = {
    'server.default_listen_address': HOST,
    'server.bolt.enabled': true,
    'server.bolt.listen_address': bolt,
    'server.bolt.advertised_address': bolt,
    'server.http.enabled': true,
    'server.http.listen_address': `${HOST}:${ports['http']}`,
    'server.https.enabled': false,
    'dbms.usage_report.enabled': false,
    'dbms.security.auth_enabled': true,
    'server.memory.heap.initial_size': HEAP,
    'server.memory.heap.max_size': HEAP,
    'server.memory.pagecache.size': '128m',
    'db.transaction.timeout': '30s',
  };
  return `${Object.entries(lines)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}
