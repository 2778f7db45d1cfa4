import * as v from 'valibot';
import { ANSWERED_PATH, AnsweredPage, OUTCOMES_PATH, type Outcome, OutcomesPage } from '#contract/outcome.ts';
import type { Served } from '#contract/served.ts';
import type { AskGateway } from '../files/operator-client.ts';

/** Reads what a tenant was answered at a placement, and what became of it, as far as the gateway's log still has it. */
export async function readAnswered(
  ask: AskGateway,
  { tenant_id, placement }: { tenant_id: string; placement: string },
): Promise<{ served: Served[]; outcomes: Outcome[] }> {
  const served: Served[] = [];
  for await (const answer of pages(ask, `${ANSWERED_PATH}/${tenant_id}`, AnsweredPage))
    if (answer.placement === placement) served.push(answer);
  const known = new Set(served.map(({ recommendation_id }) => recommendation_id));
  const outcomes: Outcome[] = [];
  for await (const outcome of pages(ask, `${OUTCOMES_PATH}/${tenant_id}`, OutcomesPage))
    if (known.has(outcome.recommendation_id)) outcomes.push(outcome);
  return { served, outcomes };
}

type Page<Item> = { partitions: number; next: number | null; items: Item[] };

async function* pages<Item>(
  ask: AskGateway,
  path: string,
  schema: v.GenericSchema<unknown, Page<Item>>,
): AsyncGenerator<Item> {
  let partitions = 1;
  for (let partition = 0; partition < partitions; partition++) {
    for (let from: number | null = 0; from !== null; ) {
      const page: Page<Item> = v.parse(schema, await ask('GET', `${path}/${partition}?from=${from}`));
      partitions = page.partitions;
      yield* page.items;
      from = page.next;
    }
  }
}
