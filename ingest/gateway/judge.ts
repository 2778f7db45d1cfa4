import type { Message } from '#backing/log/port.ts';
import type { Refusal } from '#contract/verdict.ts';

/** What becomes of one of many: a record for the log, or a refusal. */
type Judgement = { record: Message; refusal?: never } | { record?: never; refusal: Refusal };
export type Judge = (value: unknown) => Judgement;
