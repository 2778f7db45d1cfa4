import { Log, LogLevel, Miniflare, type MiniflareOptions } from 'miniflare';
import { bundleWorker, ROOT, readCompatibilityDate } from './bundle-worker.ts';
import { HOST } from './stack.ts';

const NAME = 'edgewise';
const MODULE = 'worker.js';

export type WorkerOptions = {
  /** 0 takes any that is free. */
  port: number;
  vars: Readonly<Record<string, string>>;
  /** Another Worker than the edge's, as one module. */
  script?: string;
  /** Binds what wrangler.toml does, simulated: KV for popular lists, and the queue of events, handed on by the second. */
  platform?: boolean;
};

const PLATFORM = {
  env: { POPULAR: { type: 'kv', id: 'popular' }, EVENTS: { type: 'queue', name: 'edgewise-events' } },
  triggers: [{ type: 'queue', name: 'edgewise-events', maxBatchTimeout: 1, maxRetries: 100 }],
} as const;

/** Runs the edge's Worker in workerd, on the loopback alone. */
export async function startWorker(worker: WorkerOptions) {
  const options = await optionsFor(worker);
  const miniflare = withoutSignalHandlers(() => new Miniflare(options));
  try {
    await miniflare.ready;
    const { origin: url } = await miniflare.unsafeGetDirectURL(NAME);
    return {
      url,
      /** Does what the cron trigger does. Rejects where that failed. */
      async everyMinute() {
        const worker = await miniflare.getWorker(NAME);
        const { outcome } = await worker.scheduled({ cron: '* * * * *' });
        if (outcome !== 'ok') throw new Error(`What is done every minute ended with "${outcome}"`);
      },
      close: () => miniflare.dispose(),
    };
  } catch (error) {
    // It rejects with what it has failed of already.
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}

async function optionsFor({ port, vars, script, platform }: WorkerOptions): Promise<MiniflareOptions> {
  const [contents, compatibilityDate] = await Promise.all([
    script ?? bundleWorker(),
    readCompatibilityDate(),
  ]);
  const modules = { [MODULE]: { type: 'esm' as const, contents } };
  const env = Object.entries(vars).map(([name, value]) => [name, { type: 'text', value }]);
  return {
    host: HOST,
    port: 0,
    cf: false,
    enableDevRegistry: false,
    logRequests: false,
    log: new Log(LogLevel.NONE),
    handleStructuredLogs({ level, message }) {
      if (level === 'error') process.stderr.write(`${message}\n`);
    },
    workers: [
      {
        config: {
          name: NAME,
          compatibilityDate,
          manifest: { mainModule: MODULE, modulesRoot: ROOT, modules },
          env: { ...Object.fromEntries(env), ...(platform && PLATFORM.env) },
          triggers: platform ? [...PLATFORM.triggers] : [],
        },
        // The entry that Miniflare puts before a Worker otherwise costs four times what the Worker does.
        dev: { rootPath: ROOT, unsafeRegisterWorker: false, unsafeDirectSockets: [{ host: HOST, port }] },
      },
    ],
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Miniflare would end the process at a signal, before anything else could be closed; how a signal ends it is
 * for whoever started us to say.
 */
function withoutSignalHandlers<Value>(make: () => Value): Value {
  const before = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  const made = make();
  for (const signal of SIGNALS) {
    for (const one of process.listeners(signal)) if (!before.has(one)) process.off(signal, one);
  }
  return made;
}
