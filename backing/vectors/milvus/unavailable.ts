/** What an answer of Milvus says of its success, in the one field or the other. */
type Status = { error_code?: unknown; code?: unknown; reason?: unknown; retriable?: unknown };

export type VectorsFailure =
  | 'vectors_unavailable'
  | 'vectors_timeout'
  | 'vectors_refused'
  | 'vectors_overloaded'
  /** The collection is gone, or not in the memory of the server. */
  | 'vectors_collection_missing';

/** Milvus could not be asked, not in time, or refused. Its message names no row. */
export class VectorsUnavailable extends Error {
  readonly code: VectorsFailure;
  readonly retryable: boolean;

  constructor(code: VectorsFailure, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = code !== 'vectors_refused';
  }
}

/** Numbers of gRPC's statuses. */
const GRPC: Record<number, VectorsFailure> = {
  3: 'vectors_refused',
  4: 'vectors_timeout',
  7: 'vectors_refused',
  8: 'vectors_overloaded',
  16: 'vectors_refused',
};

/** Codes of `merr` in Milvus, and of milvus-lite where it has its own; whatever is not here may pass by itself. */
const MILVUS: Record<string, VectorsFailure> = {
  8: 'vectors_overloaded',
  9: 'vectors_overloaded',
  100: 'vectors_collection_missing',
  101: 'vectors_collection_missing',
  CollectionNotExists: 'vectors_collection_missing',
  6: 'vectors_refused',
  1100: 'vectors_refused',
  1101: 'vectors_refused',
  1102: 'vectors_refused',
  1400: 'vectors_refused',
  1401: 'vectors_refused',
  IllegalArgument: 'vectors_refused',
  PermissionDenied: 'vectors_refused',
};

function failure({ error_code, code, reason, retriable }: Status): VectorsUnavailable {
  const known = MILVUS[String(code)] ?? MILVUS[String(error_code)] ?? 'vectors_unavailable';
  const kind = known === 'vectors_refused' && retriable === true ? 'vectors_unavailable' : known;
  // The reason quotes the filter, and with it ids: it is kept for who debugs, and stays out of the message.
  const cause = new Error(String(reason ?? ''));
  return new VectorsUnavailable(kind, `Milvus failed with ${String(error_code)} and ${String(code)}`, {
    cause,
  });
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'error_code' in value;
}

/** The status that stands in an answer, or is one. */
function statusOf(answer: unknown): Status | null {
  if (isStatus(answer)) return answer;
  const inside = (answer as { status?: unknown } | null)?.status;
  return isStatus(inside) ? inside : null;
}

/**
 * An answer that both of its error fields call a success. A failure can come as `error_code: 'Success'` with a
 * `code` of its own, at which the SDK does not throw.
 */
export function checked<Answer>(answer: Answer): Answer {
  const status = statusOf(answer);
  if (!status) throw new VectorsUnavailable('vectors_unavailable', 'Milvus gave an answer without a status');
  const { error_code = 0, code = 0 } = status;
  const fine = (error_code === 'Success' || Number(error_code) === 0) && Number(code) === 0;
  if (!fine) throw failure(status);
  return answer;
}

/** What a rejected call of the SDK means; it rejects with answers, with errors of gRPC, and with accidents of its own. */
export function unavailable(thrown: unknown): VectorsUnavailable {
  if (thrown instanceof VectorsUnavailable) return thrown;
  const status = statusOf(thrown);
  if (status) return failure(status);
  // Reading an answer without results or schema: so it ends where the collection is gone.
  if (thrown instanceof TypeError)
    return new VectorsUnavailable('vectors_collection_missing', 'Milvus gave no result', { cause: thrown });
  const kind = GRPC[(thrown as { code?: number } | null)?.code ?? -1] ?? 'vectors_unavailable';
  return new VectorsUnavailable(kind, 'Milvus could not be asked', { cause: thrown });
}
