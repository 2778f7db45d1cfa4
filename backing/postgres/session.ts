import { DatabaseError, type PoolClient } from 'pg';
import { codedError, PostgresUnavailable } from './errors.ts';
import type { Ask } from './statement.ts';

type SessionOptions = {
  client: PoolClient;
  signal: AbortSignal;
  /** The server's name in messages. */
  server: string;
  /** Tells the server to stop what this connection is doing; the server has been told once this resolves. */
  cancel(): Promise<void>;
};

const nothing = () => {};

/** A connection while somebody has it. */
export class Session {
  readonly #options: SessionOptions;
  /** The last statement, until the server has answered it. */
  #asked: Promise<unknown> | null = null;
  #lost = false;
  /** Ends the wait for the last statement: one listener for all of them, since the signal's are not cheap. */
  #giveUp = nothing;
  readonly #abort = () => this.#giveUp();

  constructor(options: SessionOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', this.#abort);
    // One that is lost between two statements fails the next of them; unheard, it would end the process.
    options.client.on('error', nothing);
  }

  readonly ask: Ask = async (statement, values) => {
    const { client, signal } = this.#options;
    signal.throwIfAborted();
    const config = typeof statement === 'string' ? { text: statement } : statement;
    const asked = client.query<never>(values ? { ...config, values: [...values] } : config);
    this.#asked = asked;
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(signal.reason);
      asked.then(
        ({ rows }) => {
          this.#asked = null;
          resolve(rows);
        },
        (error) => {
          this.#asked = null;
          reject(this.#coded(error));
        },
      );
    });
  };

  /** Commits. Once that is under way an abort does not stop it, so that whoever asked learns what became of it. */
  async commit(): Promise<void> {
    const { client, signal } = this.#options;
    signal.throwIfAborted();
    try {
      await client.query('COMMIT');
    } catch (error) {
      throw this.#coded(error);
    }
  }

  /**
   * Gives the connection back with no statement running, no transaction open and no cancellation on its way:
   * the server acts on one before it reads the ROLLBACK. A connection that cannot be had so is closed.
   */
  async close(): Promise<void> {
    const { client, signal, cancel } = this.#options;
    signal.removeEventListener('abort', this.#abort);
    const asked = this.#asked;
    try {
      if (asked) await Promise.all([cancel(), asked.catch(nothing)]);
      if (this.#lost) throw new Error('The connection is lost');
      if (asked || client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
      client.release();
    } catch {
      client.release(true);
    } finally {
      client.off('error', nothing);
    }
  }

  #coded(error: unknown): unknown {
    const coded = codedError(error, this.#options.server);
    // A server that shuts a connection says so first, and it may look whole for a moment.
    this.#lost ||= !(error instanceof DatabaseError) || coded instanceof PostgresUnavailable;
    return coded;
  }
}
