type EmbedderFailure =
  | 'embedder_unavailable'
  | 'embedder_timeout'
  /** It has more to do than it can, or this process waits for more of it than it may. */
  | 'embedder_overloaded'
  /** It will not embed this, however often it is asked: the key, the model, or a text is wrong. */
  | 'embedder_refused'
  /** It answered with something else than the vectors that were asked for. */
  | 'embedder_bad_answer';

/** The embeddings service could not be asked, not in time, or refused. Its message holds neither the key nor a text. */
export class EmbedderError extends Error {
  readonly code: EmbedderFailure;
  readonly retryable: boolean;
  /** True where a text among those that were sent may be what is refused. */
  readonly of_texts: boolean;
  /** How long the service asks to be left alone. */
  readonly retry_after_ms: number;

  constructor(
    code: EmbedderFailure,
    message: string,
    {
      of_texts = false,
      retry_after_ms = 0,
      ...options
    }: ErrorOptions & { of_texts?: boolean; retry_after_ms?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryable = code !== 'embedder_refused';
    this.of_texts = of_texts;
    this.retry_after_ms = retry_after_ms;
  }
}

/** The wait that a `Retry-After` asks for, in seconds or until a date (RFC 9110, 10.2.3); 0 where it says nothing. */
function retryAfter(header: string | null, now_ms: number): number {
  if (header === null) return 0;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now_ms;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** What a status that is no success means. What the service says with it may quote texts, and is left unread. */
export function refusal(server: string, { status, headers }: Response, now_ms: number): EmbedderError {
  const said = `The embeddings service at ${server} answered ${status}`;
  const retry_after_ms = retryAfter(headers.get('retry-after'), now_ms);
  if (status === 429 || status === 503)
    return new EmbedderError('embedder_overloaded', `${said}: it has too much to do`, { retry_after_ms });
  if (status === 408 || status === 425 || status >= 500)
    return new EmbedderError('embedder_unavailable', said, { retry_after_ms });
  if (status === 401 || status === 403)
    return new EmbedderError('embedder_refused', `${said}: mend EMBEDDINGS_API_KEY`);
  if (status === 404)
    return new EmbedderError('embedder_refused', `${said}: mend EMBEDDINGS_URL or EMBEDDINGS_MODEL`);
  const of_texts = status === 400 || status === 413 || status === 422;
  return new EmbedderError('embedder_refused', said, { of_texts });
}
