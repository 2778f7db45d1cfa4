import { type ClientConfig, MilvusClient } from '@zilliz/milvus2-sdk-node';
import { certificateFault } from '../../certificate-fault.ts';
import { errorFields, type Report } from '../../http/report.ts';
import { quiet } from './quiet.ts';
import { renewConnections } from './renew.ts';
import { checked, VectorsUnavailable } from './unavailable.ts';
import { within } from './within.ts';

export type MilvusAddress = {
  /** Host and port. */
  address: string;
  /** An API key, or user and password with a colon between. */
  token?: string;
  database?: string;
  /** True for TLS by the certificates that the machine trusts. */
  tls?: boolean | { root_cert?: Buffer; cert?: Buffer; key?: Buffer; server_name?: string };
};

export type Connection = {
  /**
   * Makes one call, at most so long; its answer is checked. Rejects with VectorsUnavailable, or with the reason of
   * the signal. What was asked of the server may still happen there.
   */
  call<Answer>(signal: AbortSignal, limit_ms: number, ask: Ask<Answer>): Promise<Answer>;
  close(): Promise<void>;
};

/** Asks, with the deadline that gRPC is to hold. */
type Ask<Answer> = (client: MilvusClient, timeout: number) => Promise<Answer>;

/** How long a connection that let a deadline pass may take to show that it lives. */
const PROBE_MS = 1_000;
/** Twelve days. A server that is busy for long takes pings for an attack, and hangs up in mid-call. */
const NO_PINGS_MS = 2 ** 30;

function configOf({ address, token, database, tls }: MilvusAddress, timeout: number): ClientConfig {
  const files = typeof tls === 'object' ? tls : {};
  return {
    address,
    timeout,
    ...(token === undefined ? {} : { token }),
    ...(database === undefined ? {} : { database }),
    ...(tls ? { ssl: true } : {}),
    ...(typeof tls === 'object'
      ? {
          tls: {
            ...(files.root_cert ? { rootCert: files.root_cert } : {}),
            ...(files.cert ? { certChain: files.cert } : {}),
            ...(files.key ? { privateKey: files.key } : {}),
            ...(files.server_name ? { serverName: files.server_name } : {}),
          },
        }
      : {}),
    // Who calls knows whether there is time left to try again.
    maxRetries: 0,
    logLevel: 'error',
    telemetry: { enabled: false },
    // A client is lent for one call, so this bounds the calls under way.
    pool: { min: 1, max: 64 },
    channelOptions: {
      'grpc.keepalive_time_ms': NO_PINGS_MS,
      // Otherwise a new client gets the dead connection of the former.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    },
  };
}

/** Why there is no connection, where one can tell. */
function explained(error: unknown, server: string): unknown {
  if (!(error instanceof VectorsUnavailable)) return error;
  const untrusted = certificateFault(error);
  const why =
    error.code === 'vectors_refused' ? 'does not let us in: mend the user, password or token' : null;
  const what = untrusted ? `${untrusted}: see MILVUS_CA` : (why ?? `cannot be reached (${error.message})`);
  const code = untrusted ? 'vectors_refused' : error.code;
  return new VectorsUnavailable(code, `Milvus at ${server} ${what}`, { cause: error });
}

/**
 * Connects. A connection that lets a deadline pass is asked whether it lives, and is made anew if not: without
 * pings, nobody else would notice for a quarter of an hour that the other side is gone. Rejects with
 * VectorsUnavailable where Milvus cannot be reached.
 */
export async function connect(
  address: MilvusAddress,
  { report, connect_ms }: { report: Report; connect_ms: number },
): Promise<Connection> {
  const config = configOf(address, connect_ms);
  const never = new AbortController().signal;
  const client = quiet(new MilvusClient(config));
  let probing = false;
  let closed = false;

  async function replaceIfDead(): Promise<void> {
    if (probing || closed) return;
    probing = true;
    try {
      checked(await within(never, PROBE_MS, client.getVersion()));
    } catch (error) {
      if (closed) return;
      report({ level: 'warn', message: 'the connection to Milvus is made anew', error: errorFields(error) });
      renewConnections(client);
    } finally {
      probing = false;
    }
  }

  try {
    await within(never, connect_ms, Promise.resolve<unknown>(client.connectPromise));
  } catch (error) {
    void client.closeConnection();
    throw explained(error, address.address);
  }

  return {
    async call(signal, limit_ms, ask) {
      signal.throwIfAborted();
      try {
        return checked(await within(signal, limit_ms, ask(client, limit_ms)));
      } catch (error) {
        const late = error instanceof VectorsUnavailable && error.code === 'vectors_timeout';
        if (late || signal.aborted) void replaceIfDead();
        throw error;
      }
    },
    async close() {
      closed = true;
      // It waits for calls under way, which a server that hangs would never end.
      await Promise.race([
        client.closeConnection(),
        new Promise((resolve) => setTimeout(resolve, PROBE_MS).unref()),
      ]);
    },
  };
}
