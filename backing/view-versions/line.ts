import type { ViewName } from '#contract/topics.ts';
import type { ViewState } from './port.ts';

/** A row as either database gives it. */
export type Row = {
  view: string;
  revision: number;
  serving: number;
  beside: number | null;
  keeps_up: number | boolean;
  newest: number;
};

export function stateOf({ view, revision, serving, beside, keeps_up, newest }: Row): ViewState {
  return { view: view as ViewName, revision, serving, beside, keeps_up: Boolean(keeps_up), newest };
}

/** What a dump says of a state. */
export function lineOf({ view: _, ...rest }: ViewState): string {
  return JSON.stringify(rest);
}
