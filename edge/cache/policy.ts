import { type Answer, LONGEST_MS } from '#contract/answer.ts';
import { type Epochs, sameEpochs } from '#contract/epoch.ts';

/** Validated less than this ago, an answer is served without another thought. */
export const FRESH_MS = 5_000;
/** Validated less than this ago, it is served and validated behind; later, it is validated first. */
export const SERVABLE_MS = 60_000;

/** An answer, and when it was last known to hold: when its epochs were asked for, or it itself was. */
export type Entry = Readonly<{ answer: Answer; validated_ms: number }>;

/** What to do about a question. `ask` is asking the origin for another answer. */
export type Step = 'serve' | 'serve_and_validate' | 'validate' | 'ask';

/** An answer as it comes from the origin, with another machine's clock kept from lengthening its life. */
export function arrived(answer: Answer, asked_ms: number, now_ms: number): Entry {
  const created_ms = Math.min(answer.created_ms, now_ms);
  const until_ms = Math.min(answer.until_ms, created_ms + LONGEST_MS);
  return { answer: { ...answer, created_ms, until_ms }, validated_ms: asked_ms };
}

/** By how much of itself a bound may be shortened, so that what came together does not leave together. */
const JITTER = 0.2;

/** What to do at `now_ms` with what is kept. `early`, from 0 to 1, is by chance. */
export function stepOf({ answer, validated_ms }: Entry, now_ms: number, early = 0): Step {
  if (now_ms >= answer.until_ms) return 'ask';
  const age_ms = now_ms - validated_ms;
  // A clock that was turned back tells no age.
  if (age_ms < 0) return 'validate';
  const part = 1 - JITTER * early;
  if (age_ms >= SERVABLE_MS * part) return 'validate';
  return age_ms < FRESH_MS * part ? 'serve' : 'serve_and_validate';
}

/** An entry that only stands in: what it says is not known to hold. */
export function outdated({ answer }: Entry): Entry {
  return { answer, validated_ms: Number.NEGATIVE_INFINITY };
}

/** The entry as the epochs read at `asked_ms` leave it: valid anew, or known to be outdated and never fresh again. */
export function judged(entry: Entry, epochs: Epochs, asked_ms: number): Entry & { holds: boolean } {
  const holds = sameEpochs(entry.answer.epochs, epochs);
  return { answer: entry.answer, validated_ms: holds ? asked_ms : Number.NEGATIVE_INFINITY, holds };
}

/** True for what was found not to hold any more. What others knew of it before says nothing against that. */
export function isOutdated({ validated_ms }: Entry): boolean {
  return validated_ms === Number.NEGATIVE_INFINITY;
}

/** Whether what another isolate has kept says more than what this one has: was known to hold at a later time. */
export function tellsMore(found: Entry, kept: Entry | undefined): boolean {
  return !kept || (!isOutdated(kept) && found.validated_ms > kept.validated_ms);
}

/** Whether an answer that is outdated, ended or of unknown standing may stand in while the origin fails. */
export function mayStandIn({ answer }: Entry, now_ms: number): boolean {
  return now_ms < (answer.degraded.length > 0 ? answer.until_ms : answer.created_ms + LONGEST_MS);
}

/**
 * Which of two is kept and served, once Redis or the origin has answered: the fresh one, unless what is kept was
 * validated later, or then as well and made later, or the fresh one is degraded and bears the epochs of a good one, which then still holds.
 */
export function preferred(kept: Entry | undefined, fresh: Entry, now_ms: number): Entry {
  if (!kept || now_ms >= kept.answer.until_ms) return fresh;
  if (kept.validated_ms > fresh.validated_ms) return kept;
  const good = kept.answer.degraded.length === 0;
  const together = kept.validated_ms === fresh.validated_ms;
  if (good && together && kept.answer.created_ms > fresh.answer.created_ms) return kept;
  const worse = good && fresh.answer.degraded.length > 0;
  return worse && sameEpochs(kept.answer.epochs, fresh.answer.epochs)
    ? { answer: kept.answer, validated_ms: fresh.validated_ms }
    : fresh;
}

/** How old an answer is by RFC 9111: since it was made or last known to hold, in s. */
export function ageOf({ answer, validated_ms }: Entry, now_ms: number): number {
  return Math.max(0, Math.floor((now_ms - Math.max(validated_ms, answer.created_ms)) / 1000));
}

/** How long it may still be served unasked, in s; negative once it may not. */
export function ttlOf({ answer, validated_ms }: Entry, now_ms: number): number {
  const last_ms = Math.max(validated_ms, answer.created_ms) + SERVABLE_MS;
  return Math.floor((Math.min(last_ms, answer.until_ms) - now_ms) / 1000);
}
