import { RegExpRouter } from 'hono/router/reg-exp-router';
import type * as v from 'valibot';
import { KeyId } from '#contract/api-key.ts';
import { DeletionId } from '#contract/deletion.ts';
import { CampaignId, Id } from '#contract/ids.ts';
import { type Route, type RouteName, routes } from './routes.ts';

type Named = Route & { name: RouteName };

/** What one path of the table answers, by method; HEAD is answered as GET is. */
export type Address = {
  path: string;
  byMethod: ReadonlyMap<string, Named>;
  /** The methods, as `Allow` lists them. */
  allowed: string;
  /** The name of the id in the path, and what it may be; null where it has none. */
  id: { name: string; schema: v.GenericSchema<string> } | null;
};

const ID_SCHEMAS: Readonly<Record<string, v.GenericSchema<string>>> = {
  user_id: Id,
  campaign_id: CampaignId,
  key_id: KeyId,
  deletion_id: DeletionId,
  placement: Id,
  model: Id,
};

function addressOf(path: string, here: readonly Named[]): Address {
  const name = /:(\w+)/.exec(path)?.[1];
  const byMethod = new Map(here.map((route) => [route.method as string, route]));
  const get = byMethod.get('GET');
  const allowed = here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  if (get) byMethod.set('HEAD', get);
  const id = name === undefined ? null : { name, schema: ID_SCHEMAS[name] as v.GenericSchema<string> };
  return { path, byMethod, allowed: [...allowed, 'OPTIONS'].join(', '), id };
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const ALL = 'ALL';

/** The path of a URL as it was sent, still encoded. */
export function pathOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('://') + 3);
  const query = url.indexOf('?', from);
  return query < 0 ? url.slice(from) : url.slice(from, query);
}

/**
 * Finds the address that a path is of, with the id in it as it was meant, whether or not that can be one; null where there is
 * none. Those without an id in their path come first: `popular` is no campaign's id.
 */
export function addressFinder(): (path: string) => { address: Address; id: string } | null {
  const byPath = Map.groupBy<string, Named>(routes, ({ path }) => path);
  const fixed = new Map<string, Address>();
  const router = new RegExpRouter<Address>();
  for (const [path, here] of byPath) {
    const address = addressOf(path, here);
    if (address.id) router.add(ALL, path, address);
    else fixed.set(path, address);
  }
  return (path) => {
    const there = fixed.get(path);
    if (there) return { address: there, id: '' };
    const [[found], stash] = router.match(ALL, path);
    if (!found) return null;
    const [address, params] = found;
    const at = params[address.id?.name ?? ''];
    return { address, id: decoded(String(typeof at === 'number' ? stash?.[at] : at)) };
  };
}
