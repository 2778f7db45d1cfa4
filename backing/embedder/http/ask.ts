import { DelegateBackoff, handleWhen, type IRetryBackoffContext, retry } from 'cockatiel';
import { orAborted } from '../../or-aborted.ts';
import type { EmbeddingVersion } from '../port.ts';
import { vectorsOf } from './answer.ts';
import { EmbedderError, refusal } from './errors.ts';

export type AskSettings = {
  /** The address that `/embeddings` stands below, such as `https://host/v1`. */
  url: string;
  model: string;
  api_key?: string | undefined;
  /** How vectors are asked for; whichever comes is read. */
  encoding: 'base64' | 'float';
  version: EmbeddingVersion;
  /** How long one request may take. */
  request_ms: number;
  /** How often a request is sent at most. */
  attempts: number;
  /** The first wait before it is sent again, doubled each time. */
  base_ms: number;
  /** The longest wait; a service that asks for a longer one is not asked again. */
  max_wait_ms: number;
  /** From 0 to 1, for the jitter. */
  random(): number;
  clock(): number;
  /** Told of each wait, with what it is for. */
  onRetry(error: unknown, wait_ms: number): void;
};

/** A number takes so many characters at most, and what stands around a vector so many. */
const [NUMBER_CHARACTERS, AROUND_CHARACTERS] = [32, 1024];

/** The text of a body, of so many bytes at most. */
async function textOf(answer: Response, max_bytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.byteLength;
    if (length > max_bytes)
      throw new EmbedderError('embedder_bad_answer', 'The embeddings service answered with too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * A way to ask the service for the vectors of a batch of texts. It is asked again, after a wait with jitter or as
 * long as its Retry-After says, where that may help. Rejects with EmbedderError, or with the signal's reason at once.
 */
export function asker(settings: AskSettings) {
  const { url, model, api_key, encoding, version, request_ms, clock, random } = settings;
  const { attempts, base_ms, max_wait_ms } = settings;
  const endpoint = new URL(`${url.replace(/\/+$/, '')}/embeddings`);
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    ...(api_key ? { Authorization: `Bearer ${api_key}` } : {}),
  };

  async function once(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    signal.throwIfAborted();
    const late = AbortSignal.timeout(request_ms);
    try {
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers,
        body: JSON.stringify({ model, input: texts, encoding_format: encoding }),
        // So that the key goes nowhere else.
        redirect: 'error',
        signal: AbortSignal.any([signal, late]),
      });
      if (!answer.ok) {
        await answer.body?.cancel();
        throw refusal(endpoint.host, answer, clock());
      }
      const per_text = version.dimension * NUMBER_CHARACTERS + AROUND_CHARACTERS;
      const body = await textOf(answer, texts.length * per_text + AROUND_CHARACTERS);
      return vectorsOf(body, texts.length, version);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof EmbedderError) throw error;
      if (late.aborted) {
        const message = `The embeddings service at ${endpoint.host} did not answer within ${request_ms} ms`;
        throw new EmbedderError('embedder_timeout', message);
      }
      const why = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
      const message = `The embeddings service at ${endpoint.host} cannot be reached (${why})`;
      throw new EmbedderError('embedder_unavailable', message, { cause: error });
    }
  }

  const mayPass = (error: unknown) =>
    error instanceof EmbedderError && error.retryable && error.retry_after_ms <= max_wait_ms;
  /** The later half of each wait is at random, so that those who failed together do not come again together. */
  const waits = new DelegateBackoff((context: IRetryBackoffContext<unknown>) => {
    const { attempt, result } = context;
    const full = Math.min(max_wait_ms, base_ms * 2 ** (attempt - 1));
    const asked = 'error' in result ? (result.error as EmbedderError).retry_after_ms : 0;
    return Math.max(asked, (full * (1 + random())) / 2);
  });
  const again = retry(handleWhen(mayPass), { maxAttempts: attempts - 1, backoff: waits });

  again.onRetry(({ delay, ...failure }) => settings.onRetry('error' in failure && failure.error, delay));

  return (texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> =>
    orAborted(
      again.execute(() => once(texts, signal), signal),
      signal,
    );
}
