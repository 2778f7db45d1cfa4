import type { Selector } from '../pipeline/stages.ts';

/** The best, as many as are asked for. */
export const best: Selector = (ranked, { request }) => ranked.slice(0, request.limit);
