import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Report } from '../http/report.ts';
import { errorFields } from '../http/report.ts';
import { BACKOFF, delayAfter } from '../log/backoff.ts';
import { orAborted } from '../or-aborted.ts';
import { checkSchema, connectionOf, type PostgresAddress, serverName } from './address.ts';
import { codedError, isRetryable, PostgresTimeout } from './errors.ts';
import { Session } from './session.ts';
import type { Ask, Statement } from './statement.ts';

export type PostgresSettings = PostgresAddress & {
  /** Where the tables are: a view's version is a schema. */
  schema: string;
  /** What the server's lists call these connections. */
  application_name: string;
  /** The most connections at once, besides one that cancels. Who finds none free waits. */
  connections?: number;
  /** The longest wait for a connection. */
  connect_timeout_ms?: number;
  /** The longest any one statement runs, cut off by the server. */
  statement_timeout_ms?: number;
  report: Report;
};

type TransactionOptions = {
  signal: AbortSignal;
  /** How long all of it may take, repetitions included; the server cuts each statement off at what is left. */
  budget_ms?: number;
};

/** A schema of a PostgreSQL server, behind a bounded pool. Everything here rejects with coded errors. */
export type Postgres = {
  /**
   * Runs one statement by itself. Its deadline is the signal's, at which the server is told to stop, and at the latest
   * `statement_timeout_ms`: to tell the server of a nearer one would take a transaction, and two more round trips.
   */
  query<Row>(statement: Statement, values: readonly unknown[], signal: AbortSignal): Promise<Row[]>;
  /** The same for one that writes: a transaction of its own in one round trip, which runs again as those below do. */
  write<Row>(statement: Statement, values: readonly unknown[], signal: AbortSignal): Promise<Row[]>;
  /**
   * Runs statements in one transaction: committed when `run` resolves, rolled back when it rejects or the signal
   * aborts. It runs again, a few times, after a conflict or a lost connection, even one lost while it was
   * committing: so what it does must be the same when it has been done already.
   */
  transaction<T>(run: (ask: Ask) => Promise<T>, options: TransactionOptions): Promise<T>;
  /** Reads in one snapshot, which stands while what `read` gives is being taken; leaving it early is no harm. */
  snapshot<T>(read: (ask: Ask) => AsyncIterable<T>): AsyncGenerator<T>;
  /** Closes all connections, once those in use have been given back. */
  close(): Promise<void>;
};

const ATTEMPTS = 5;
const PATIENCE = { ...BACKOFF, base_ms: 10, max_ms: 500 };
/** The server has this much longer to say that it has cut a statement off, before its connection counts as lost. */
const GRACE_MS = 2_000;
const IDLE_IN_TRANSACTION_MS = 60_000;
/**
 * So many connections stay open, however long nobody asks. What else holds what is here, such as a cache, may fail at any
 * moment: who opened them only then would take tenths of a second of the processors that everybody waits for.
 */
const KEPT = 4;
/** A dump stands still for as long as its reader does. */
const IDLE_IN_SNAPSHOT_MS = 10 * 60_000;

const SETTINGS = `
  SELECT pg_backend_pid() AS pid, set_config('search_path', $1, false),
    set_config('statement_timeout', $2, false), set_config('idle_in_transaction_session_timeout', $3, false)`;

/** Opens a pool; nothing connects yet. Throws PostgresRefused where the settings cannot be right. */
export function openPostgres({
  schema,
  application_name,
  connections = 10,
  connect_timeout_ms = 3_000,
  statement_timeout_ms = 10_000,
  report,
  ...address
}: PostgresSettings): Postgres {
  const server = serverName(address.url);
  checkSchema(schema);
  const pids = new WeakMap<object, number>();
  const settings = [schema, `${statement_timeout_ms}`, `${IDLE_IN_TRANSACTION_MS}`];
  const options = {
    ...connectionOf(address),
    application_name,
    keepAlive: true,
    connectionTimeoutMillis: connect_timeout_ms,
    query_timeout: statement_timeout_ms + GRACE_MS,
    async onConnect(client: pg.ClientBase) {
      const { rows } = await client.query(SETTINGS, settings);
      pids.set(client, rows[0].pid);
    },
  };
  const pool = new pg.Pool({ ...options, max: connections, min: Math.min(KEPT, connections) });
  const control = new pg.Pool({ ...options, max: 1 });
  for (const each of [pool, control]) {
    each.on('error', (error) => {
      const lost = errorFields(codedError(error, server));
      report({ level: 'warn', message: 'an idle connection to PostgreSQL was lost', error: lost });
    });
  }
  /** Connections being given back that nobody waits for. */
  const closing = new Set<Promise<void>>();

  async function open(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const connecting = pool.connect();
    try {
      const client = await orAborted(connecting, signal);
      const cancel = async () => {
        await control.query('SELECT pg_cancel_backend($1)', [pids.get(client)]);
      };
      return new Session({ client, signal, server, cancel });
    } catch (error) {
      if (!signal.aborted) throw codedError(error, server);
      connecting.then(
        (client) => client.release(),
        () => {},
      );
      throw signal.reason;
    }
  }

  /** Who aborts does not wait until the server has stopped. */
  async function close(session: Session, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) return await session.close();
    const closed = session.close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  async function once<T>(run: (ask: Ask) => Promise<T>, signal: AbortSignal, until: number): Promise<T> {
    const session = await open(signal);
    try {
      const left = Math.floor(Math.min(until - performance.now(), statement_timeout_ms));
      if (left < 1) throw new PostgresTimeout(`No time was left to ask PostgreSQL at ${server}`);
      await session.ask(
        `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = ${left}`,
      );
      const result = await run(session.ask);
      await session.commit();
      return result;
    } finally {
      await close(session, signal);
    }
  }

  const query: Postgres['query'] = async (statement, values, signal) => {
    const session = await open(signal);
    try {
      return await session.ask(statement, values);
    } finally {
      await close(session, signal);
    }
  };

  /** Runs what is the same when it has been done already, again where that may help. */
  async function repeated<T>(run: () => Promise<T>, signal: AbortSignal, until: number): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        const wait = delayAfter(attempt, PATIENCE);
        const late = error instanceof PostgresTimeout || performance.now() + wait > until;
        if (signal.aborted || late || attempt === ATTEMPTS || !isRetryable(error)) throw error;
        const message = 'a transaction is tried again';
        report({ level: 'warn', message, attempt, error: errorFields(error) });
        await orAborted(pause(wait), signal);
      }
    }
  }

  return {
    query,
    write: (statement, values, signal) =>
      repeated(() => query<never>(statement, values, signal), signal, Number.POSITIVE_INFINITY),
    async transaction(run, { signal, budget_ms = Number.POSITIVE_INFINITY }) {
      const until = performance.now() + budget_ms;
      return repeated(() => once(run, signal, until), signal, until);
    },
    async *snapshot(read) {
      const { signal } = new AbortController();
      const session = await open(signal);
      try {
        await session.ask(`
          BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
          SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_SNAPSHOT_MS}`);
        yield* read(session.ask);
      } finally {
        await close(session, signal);
      }
    },
    async close() {
      await Promise.all(closing);
      await Promise.all([pool.end(), control.end()]);
    },
  };
}
