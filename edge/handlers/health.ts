import { withCommon } from '../respond.ts';
import type { Handler } from './handler.ts';

/** That the edge answers. It tells nothing of what is behind it, so that its failure takes no edge down. */
export const health: Handler = async () =>
  withCommon(Response.json({ status: 'ok' }, { headers: { 'Cache-Control': 'no-store' } }));
