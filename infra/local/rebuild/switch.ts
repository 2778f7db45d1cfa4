import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreOf } from '#backing/open/view-stores.ts';
import type { ViewState } from '#backing/view-versions/port.ts';
import { groupOf } from '#contract/topics.ts';
import { keptUp } from './keeping-up.ts';
import { change, NotNow, type Rebuilding } from './rebuilding.ts';

/** As many owners of epochs as are raised at once. */
const OWNERS = 500;

/**
 * Has answers made of a version that is kept up, by the one row, and raises every tenant's epoch: at once, and again
 * when every process has noticed, since an answer that was begun in between may rest on the version of before. That
 * one is kept up as well, so that until then it is as good.
 */
export async function switchTo(on: Rebuilding, state: ViewState, version: number): Promise<ViewState> {
  const { view, noticed_ms, signal, say } = on;
  const tenants = new Set(await tenantsOf(on));
  const switched = await change(on, state, { serving: version, beside: state.serving });
  for (const tenant of await tenantsOf(on)) tenants.add(tenant);
  await raise(on, tenants);
  say(`version ${version} of ${view} serves`);
  await sleep(noticed_ms, undefined, { signal });
  await raise(on, tenants);
  return switched;
}

/** Goes back to the version that served before, which is kept up until the rebuild is finished. Throws NotNow. */
export async function rollBack(on: Rebuilding): Promise<ViewState> {
  const { view, log, viewVersions, signal } = on;
  const state = await viewVersions.read(view, signal);
  const { beside, serving, keeps_up } = state;
  if (beside === null || !keeps_up || beside > serving)
    throw new NotNow(
      `There is nothing to go back to: of ${view} version ${serving} serves, and none was before it`,
    );
  await keptUp(log, groupOf(view, beside), signal);
  return switchTo(on, state, beside);
}

/**
 * Takes away all versions but the one that serves, once every process has noticed that it will. After a kill it
 * can be repeated.
 */
export async function finish(on: Rebuilding): Promise<ViewState> {
  const { view, viewVersions, noticed_ms, signal, say } = on;
  const state = await viewVersions.read(view, signal);
  const alone = state.beside === null ? state : await change(on, state, { beside: null, keeps_up: false });
  await sleep(2 * noticed_ms, undefined, { signal });
  await on.viewStores.refresh();
  for (let version = 1; version <= alone.newest; version++) {
    if (version === alone.serving) continue;
    await on.drop(view, version);
    say(`version ${version} of ${view} is gone`);
  }
  return alone;
}

async function tenantsOf({ viewStores, signal }: Rebuilding): Promise<string[]> {
  return (viewStores.serving('counters') as StoreOf['counters']).catalogue.tenants(signal);
}

async function raise({ answers, signal }: Rebuilding, tenants: ReadonlySet<string>): Promise<void> {
  const owners = [...tenants].map((tenant_id) => ({ tenant_id, user_id: null }));
  for (let at = 0; at < owners.length; at += OWNERS)
    await answers.raise(owners.slice(at, at + OWNERS), signal);
}
