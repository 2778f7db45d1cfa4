import { hash } from 'node:crypto';
import { errorFields, type Report } from '../http/report.ts';
import { orAborted } from '../or-aborted.ts';
import { type AskSettings, asker } from './http/ask.ts';
import { openBatches } from './http/batches.ts';
import { EmbedderError } from './http/errors.ts';
import { type Joined, openFlights } from './http/flights.ts';
import type { Embedder, EmbeddingVersion } from './port.ts';

type HttpEmbedderSettings = Pick<AskSettings, 'url' | 'model' | 'api_key'> & {
  /** How many numbers the model's vectors have. */
  dimension: number;
  /** What tells this model from another of its name: a revision, or a hash of its weights. */
  digest: string;
  /** What stands behind so many UTF-16 units of a text is left out. A model leaves out what it has no room for. */
  max_characters?: number | undefined;
  encoding?: AskSettings['encoding'] | undefined;
  /** The most of one request. */
  batch_texts?: number | undefined;
  batch_bytes?: number | undefined;
  /** How many requests are under way at most. */
  concurrency?: number | undefined;
  /** How much may wait to be sent; beyond that calls are refused at once, as something to try again. */
  waiting_bytes?: number | undefined;
  cache_bytes?: number | undefined;
  report: Report;
} & Partial<Pick<AskSettings, 'request_ms' | 'attempts' | 'base_ms' | 'max_wait_ms' | 'random' | 'clock'>>;

export type HttpEmbedder = Embedder & {
  /** Fails what is under way. */
  close(): Promise<void>;
};

/** Another model, cut or dimension makes vectors that cannot be compared with these. */
function versionOf(model: string, dimension: number, digest: string, max_characters: number) {
  const recipe = hash('sha256', JSON.stringify(['http', model, dimension, digest, max_characters]), 'hex');
  const readable = model
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .slice(0, 40);
  const version: EmbeddingVersion = {
    id: `${readable}-${dimension}-${recipe.slice(0, 8)}`,
    dimension,
    metric: 'cosine',
    digest: recipe,
  };
  return version;
}

/** The beginning of a text as Unicode, which ends in no half of a pair. */
function cut(text: string, max_characters: number): string {
  const high = /[\uD800-\uDBFF]$/;
  const short = text.length > max_characters ? text.slice(0, max_characters).replace(high, '') : text;
  return short.toWellFormed();
}

/**
 * Any service of the form that OpenAI gave to `/v1/embeddings`. A text without anything but space has the vector of
 * zeros, unasked. Resolves once the service has shown that it makes vectors of the dimension. Rejects, as its calls
 * do, with EmbedderError: of `code`, `retryable`, and words that hold neither the key nor a text.
 */
export async function openHttpEmbedder({
  url,
  model,
  api_key,
  dimension,
  digest,
  max_characters = 8192,
  encoding = 'base64',
  batch_texts = 32,
  batch_bytes = 256 * 1024,
  concurrency = 4,
  waiting_bytes = 64 * 1024 * 1024,
  cache_bytes = 64 * 1024 * 1024,
  request_ms = 10_000,
  attempts = 4,
  base_ms = 100,
  max_wait_ms = 5_000,
  random = Math.random,
  clock = Date.now,
  report,
}: HttpEmbedderSettings): Promise<HttpEmbedder> {
  const { host = '', username = '', password = '' } = URL.parse(url) ?? {};
  if (!host || username || password)
    throw new EmbedderError('embedder_refused', 'EMBEDDINGS_URL should be http(s)://host:port/path, no more');
  const version = versionOf(model, dimension, digest, max_characters);
  const asking = { url, model, api_key, encoding, version, request_ms, attempts, base_ms, max_wait_ms };
  const ask = asker({
    ...asking,
    random,
    clock,
    onRetry: (error, wait_ms) =>
      report({
        level: 'warn',
        message: 'embeddings are asked for again',
        wait_ms,
        error: errorFields(error),
      }),
  });
  const batches = openBatches({ ask, max_texts: batch_texts, max_bytes: batch_bytes, concurrency });
  const flights = openFlights(cache_bytes);

  /** Throws where what is new among the texts would wait behind too much. */
  function refuseTooMuch(wanted: ReadonlyMap<string, string>): void {
    if (batches.waitingBytes() === 0) return;
    let bytes = batches.waitingBytes();
    for (const [key, text] of wanted) if (!flights.has(key)) bytes += Buffer.byteLength(text);
    if (bytes <= waiting_bytes) return;
    const message = `More than ${waiting_bytes} bytes of texts wait for the embeddings service at ${host}`;
    throw new EmbedderError('embedder_overloaded', message);
  }

  async function embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    signal.throwIfAborted();
    const keys: (string | null)[] = [];
    const wanted = new Map<string, string>();
    for (const text of texts) {
      const sayable = cut(text, max_characters);
      const key = sayable.trim() === '' ? null : hash('sha256', sayable, 'base64');
      keys.push(key);
      if (key) wanted.set(key, sayable);
    }
    refuseTooMuch(wanted);
    const joined = new Map<string, Joined>();
    for (const [key, text] of wanted)
      joined.set(
        key,
        flights.join(key, () => batches.want(text)),
      );
    try {
      const made = await orAborted(Promise.all(keys.map((key) => key && joined.get(key)?.vector)), signal);
      // Copies, so that nobody writes into what is kept; of one piece, which costs less than as many pieces.
      const copies = new Float32Array(made.length * dimension);
      return made.map((vector, at) => {
        const copy = copies.subarray(at * dimension, (at + 1) * dimension);
        if (vector) copy.set(vector);
        return copy;
      });
    } finally {
      for (const { leave } of joined.values()) leave();
    }
  }

  try {
    await embed(['Is this a vector?'], AbortSignal.timeout(attempts * (request_ms + max_wait_ms)));
  } catch (error) {
    batches.close();
    throw error;
  }
  return { version, embed, close: async () => batches.close() };
}
