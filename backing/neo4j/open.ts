import { setTimeout as pause } from 'node:timers/promises';
import neo4j, { type Driver, type Session } from 'neo4j-driver';
import { errorFields, type Report } from '../http/report.ts';
import { BACKOFF, delayAfter } from '../log/backoff.ts';
import { orAborted } from '../or-aborted.ts';
import { serverName } from './address.ts';
import { codedError, Neo4jTimeout, Neo4jUnavailable } from './errors.ts';
import { writeWhole } from './whole-writes.ts';

export type Neo4jSettings = {
  /** `bolt://host:port` or `neo4j://host:port`; with TLS `bolt+s://` or `neo4j+s://`. */
  url: string;
  user: string;
  /** No message or report tells it. */
  password: string;
  /** The server's usual one, where nothing is said. */
  database?: string;
  /** The most connections at once. Who finds none free waits. */
  connections?: number;
  /** The longest wait for a connection, free or new. */
  connect_ms?: number;
  /** How long the server lets a read run. */
  read_ms?: number;
  /** How long the server lets a transaction that writes run. */
  write_ms?: number;
  /** How long a transaction that gave way, or lost its connection, is tried again. */
  retry_ms?: number;
  report: Report;
};

type Statement = {
  text: string;
  parameters: Record<string, unknown>;
  /** How long the server lets it run, where a read may take another time than most. */
  read_ms?: number;
  /** True for a read that a write is not done without: it is asked again for as long as that. */
  of_write?: boolean;
};

/** A Neo4j server, behind a bounded pool. Everything here rejects with coded errors, or the signal's reason. */
export type Neo4j = {
  /** Asks one statement that only reads, in one round trip; once more where the connection was lost, or as `of_write` says. */
  read<Row>(statement: Statement, signal: AbortSignal): Promise<Row[]>;
  /**
   * Runs statements in one transaction. It runs again after a deadlock or a lost connection, even one lost while
   * it was committing: so what it does must be the same when it has been done already.
   */
  write(statements: readonly Statement[], signal: AbortSignal): Promise<void>;
  /** The rows of a statement, fetched as they are taken; leaving them early is no harm. */
  stream<Row>(statement: Statement): AsyncGenerator<Row>;
  close(): Promise<void>;
};

/** The server looks for what has run out of time this often; so much later its silence is that of the dead. */
const GRACE_MS = 3_000;
/** How long a connection may take to show that it has stopped. */
const STOP_MS = 3_000;
/** A dump stands still for as long as its reader does. */
const STREAM_MS = 10 * 60_000;
const ROWS_AT_ONCE = 1_000;
const PATIENCE = { ...BACKOFF, base_ms: 10, max_ms: 1_000 };

/** Rejects like orAborted, and with Neo4jTimeout where there is no sign for so long. */
function within<T>(promise: Promise<T>, signal: AbortSignal, limit_ms: number, server: string): Promise<T> {
  // A combined signal would cost more than the driver, and stay with one that lives long.
  return new Promise((resolve, reject) => {
    const abort = () => settle(reject)(signal.reason);
    const tell = () =>
      settle(reject)(new Neo4jTimeout(`Neo4j at ${server} gave no answer in ${limit_ms} ms`));
    const timer = setTimeout(tell, limit_ms);
    const settle =
      <Value>(how: (value: Value) => void) =>
      (value: Value) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        how(value);
      };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(settle(resolve), settle(reject));
  });
}

/**
 * What a statement gives, begun without the driver's noting the stack, which costs it a tenth of a question: an error
 * that it throws is told by a coded one, with a stack of its own.
 */
function unstacked<T>(begin: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return begin();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Opens a pool; nothing connects yet. Throws Neo4jRefused where the settings cannot be right. A connection that was
 * told to stop and does not is given up with its pool, which is made anew: else it would hold its place in the pool for as
 * long as TCP believes in it.
 */
export function openNeo4j({
  url,
  user,
  password,
  database,
  connections = 10,
  connect_ms = 3_000,
  read_ms = 2_000,
  write_ms = 10_000,
  retry_ms = 10_000,
  report,
}: Neo4jSettings): Neo4j {
  const server = serverName(url);
  writeWhole();
  const open = (): Driver =>
    neo4j.driver(url, neo4j.auth.basic(user, password), {
      disableLosslessIntegers: true,
      maxConnectionPoolSize: connections,
      connectionTimeout: connect_ms,
      connectionAcquisitionTimeout: connect_ms,
      maxTransactionRetryTime: retry_ms,
      telemetryDisabled: true,
      // Advice for who writes statements, with every answer.
      notificationFilter: { minimumSeverityLevel: 'OFF' },
      userAgent: 'edgewise',
    });
  let driver = open();
  /** Sessions being ended that nobody waits for. */
  const ending = new Set<Promise<void>>();
  const never = new AbortController().signal;

  function renew(given: Driver, error: unknown): void {
    if (given !== driver) return;
    report({ level: 'warn', message: 'the connections to Neo4j are made anew', error: errorFields(error) });
    driver = open();
    void given.close().catch(() => {});
  }

  /** Ends a session; where its statement still runs, the server is told to stop it. */
  async function end(session: Session, of: Driver, wait: boolean): Promise<void> {
    const ended = within(session.close(), never, STOP_MS, server)
      .catch((error) => renew(of, error))
      .finally(() => ending.delete(ended));
    ending.add(ended);
    if (wait) await ended;
  }

  async function inSession<T>(
    mode: 'READ' | 'WRITE',
    work: (session: Session) => Promise<T>,
    signal: AbortSignal,
    limit_ms: number,
  ): Promise<T> {
    signal.throwIfAborted();
    const of = driver;
    const session = of.session({ defaultAccessMode: mode, ...(database ? { database } : {}) });
    let answered = false;
    try {
      const working = work(session).finally(() => {
        answered = true;
      });
      return await within(working, signal, limit_ms, server);
    } catch (error) {
      throw signal.aborted ? signal.reason : codedError(error, server);
    } finally {
      await end(session, of, answered);
    }
  }

  return {
    async read(statement, signal) {
      const { text, parameters, read_ms: limit_ms = read_ms } = statement;
      const ask = () =>
        inSession(
          'READ',
          async (session) => {
            const { records } = await unstacked(() => session.run(text, parameters, { timeout: limit_ms }));
            return records.map((record) => record.toObject() as never);
          },
          signal,
          connect_ms + limit_ms + GRACE_MS,
        );
      // As long as a write would be tried again, where it belongs to one; else once more.
      const until = statement.of_write ? performance.now() + retry_ms : 0;
      for (let attempt = 1; ; attempt++) {
        try {
          return await ask();
        } catch (error) {
          const wait = attempt === 1 ? 0 : delayAfter(attempt, PATIENCE);
          const late = attempt > 1 && performance.now() + wait > until;
          if (signal.aborted || late || !(error instanceof Neo4jUnavailable)) throw error;
          await orAborted(pause(wait), signal);
        }
      }
    },
    async write(statements, signal) {
      const work = (session: Session) =>
        session.executeWrite(
          async (transaction) => {
            for (const { text, parameters } of statements) {
              signal.throwIfAborted();
              await unstacked(() => transaction.run(text, parameters));
            }
            signal.throwIfAborted();
          },
          { timeout: write_ms },
        );
      await inSession('WRITE', work, signal, connect_ms + retry_ms + write_ms + GRACE_MS);
    },
    async *stream({ text, parameters }) {
      const of = driver;
      const session = of.session({
        defaultAccessMode: 'READ',
        fetchSize: ROWS_AT_ONCE,
        ...(database ? { database } : {}),
      });
      try {
        for await (const record of session.run(text, parameters, { timeout: STREAM_MS })) {
          yield record.toObject() as never;
        }
      } catch (error) {
        throw codedError(error, server);
      } finally {
        await end(session, of, true);
      }
    },
    async close() {
      await Promise.all(ending);
      await driver.close();
    },
  };
}
