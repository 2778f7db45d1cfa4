import type { Asked } from '../../../origin/rank/asked.ts';
import type { Weights } from '../../../origin/rank/choose-weights.ts';

/** Who is asked about, just before a moment (RFC 3339, UTC) of the past. */
export type Question = { user_id: string; moment: string };

/** A question, the weights it was answered by, and when it was asked and its truth known (RFC 3339, UTC; null: never). */
export type Past = Asked & { weights: Weights; moment: string; known_from: string | null };
