import { answerKey } from '#contract/kept-answer.ts';

/** What an answer is kept under, and whose epochs it rests on: a person's and their tenant's, or the tenant's alone. */
export type Subject = { key: string; tenant_id: string; user_id: string | null };

const digested = new WeakMap<Subject, string>();

/** What the tiers behind the memory keep an answer under, digested once for all that a request asks of them. */
export async function sharedKey(subject: Subject): Promise<string> {
  const known = digested.get(subject);
  if (known) return known;
  const made = await answerKey(subject.key);
  digested.set(subject, made);
  return made;
}
