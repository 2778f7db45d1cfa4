import { Agent } from 'node:http';
import { sign } from '#contract/signature.ts';
import { ask, lacksOf } from './ask.ts';
import type { Target } from './load.ts';
import type { RealSide } from './real-side.ts';

/** One question in so many is of somebody of whom nothing is held. */
export const STRANGERS = 4;
const DEADLINE_MS = 800;
const WARM_MS = 60_000;

export type Question = { stranger: boolean };
export type NextQuestion = () => Promise<{ question: Question; target: Target }>;

/** Questions that nobody asked before, so that none is answered from what is kept. */
export function questionsOf({ tenant_id, people, key }: RealSide, base: string): NextQuestion {
  let asked = 0;
  return async () => {
    const at = asked++;
    const stranger = at % STRANGERS === 0;
    const user_id = stranger ? `stranger-${at}` : (people[at % people.length] as string);
    const url = new URL(`/v1/users/${user_id}/recommendations?exclude=none-${at}`, base);
    const caller = { tenant_id, subject: user_id, scopes: ['recommendations:read' as const] };
    const signed = { method: 'GET', url, caller, deadline_ms: DEADLINE_MS, body: null };
    const headers = Object.fromEntries(await sign(signed, key, Date.now()));
    return { question: { stranger }, target: { url, headers } };
  };
}

/** Asks until so many answers in a row lack nothing: what is learnt of a tenant, and of its people, is learnt behind the first. */
export async function warm(next: NextQuestion, questions: number): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const lacked: string[] = [];
  const end_ms = performance.now() + WARM_MS;
  for (let whole = 0; whole < questions; ) {
    const lacks = lacksOf(await ask((await next()).target, agent));
    whole = lacks.length === 0 ? whole + 1 : 0;
    lacked.push(...lacks);
    if (performance.now() > end_ms) {
      const lately = [...new Set(lacked.slice(-100))].join(', ');
      console.warn(`Without any fault the origin answers without ${lately}: the machine is too busy`);
      break;
    }
  }
  agent.destroy();
}
