import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { importKeys, type Key } from '#contract/signature.ts';
import { startChild } from './support/child.ts';
import { bodiesOf, conversation } from './support/conversation.ts';
import { campaignAt } from './support/events.ts';
import { type IngestPlace, ingestPlaces } from './support/ingest-places.ts';
import { EVERY_ROLE } from './support/opened-ports.ts';
import { type BenchOptions, report } from './support/report.ts';
import { signedClient } from './support/signed-client.ts';

const RATES = [500, 2_000];
const GOAL_P95_MS = 3_000;
/** So many people click at once, each one again as soon as the answer shows it. */
const PROBERS = 8;
/** How often an answer is asked for again, which is as near as its change can be seen. */
const LOOK_MS = 10;
/** What has not shown by then is lost. */
const LOST_MS = 30_000;
const CAMPAIGNS = 80;
/** Events are written in so many batches a second. */
const BATCHES_PER_S = 20;
const NDJSON = 'application/x-ndjson';
const key = { id: 'bench', secret: Buffer.alloc(32, 7).toString('base64url') };

type Urls = { gateway: string; origin: string };
type Item = { campaign_id: string };

const ndjson = (records: readonly object[]) => bodiesOf(records, records.length)[0] as Buffer<ArrayBuffer>;

/** The tiers on a place: processes of their own where all that they share is, else one process. */
async function startTiers({
  environment,
  stores,
}: IngestPlace): Promise<Urls & { stop(): Promise<unknown> }> {
  const together = stores.includes('embedded') ? [EVERY_ROLE] : EVERY_ROLE.map((role) => [role]);
  const started = await Promise.all(
    together.map((roles) =>
      startChild<Partial<Urls>>(new URL('./support/tiers-server.ts', import.meta.url), {
        args: [JSON.stringify(key), ...roles],
        environment,
      }),
    ),
  );
  const urls = Object.assign({}, ...started.map(({ ready }) => ready)) as Urls;
  return { ...urls, stop: () => Promise.all(started.map(({ stop }) => stop())) };
}

/** The tiers as apps see them through the edge. */
function openTenant({ gateway, origin }: Urls, tenant_id: string, signing: Key) {
  const { ask, close } = signedClient(tenant_id, signing, 4 * PROBERS);
  const post = async (path: string, scope: 'events:write' | 'campaigns:write', records: readonly object[]) =>
    void (await ask({
      method: 'POST',
      url: new URL(path, gateway),
      subject: null,
      scope,
      body: ndjson(records),
      content_type: NDJSON,
    }));
  return {
    close,
    campaigns: (records: readonly object[]) => post('/v1/campaigns', 'campaigns:write', records),
    events: (records: readonly object[]) => post('/v1/events', 'events:write', records),
    async answer(user_id: string): Promise<string[]> {
      const url = new URL(`/v1/users/${user_id}/recommendations?limit=10`, origin);
      const body = await ask({ method: 'GET', url, subject: user_id, scope: 'recommendations:read' });
      return (JSON.parse(body) as { items: Item[] }).items.map(({ campaign_id }) => campaign_id);
    },
  };
}
type Tenant = ReturnType<typeof openTenant>;

/** Writes so many events a second until it is aborted, whether or not the last are accepted yet. Gives how many were. */
async function writing(tenant: Tenant, per_s: number, until: AbortSignal) {
  const size = per_s / BATCHES_PER_S;
  const begun = performance.now();
  const under_way = new Set<Promise<void>>();
  let [accepted, refused] = [0, 0];
  for (let at = 0; !until.aborted; at++) {
    const sent: Promise<void> = tenant
      .events(conversation(`w${per_s}-${at}`, size))
      .then(
        () => {
          accepted += size;
        },
        () => {
          refused += size;
        },
      )
      .finally(() => under_way.delete(sent));
    under_way.add(sent);
    await sleep(Math.max(0, begun + ((at + 1) * 1000) / BATCHES_PER_S - performance.now()));
  }
  await Promise.all(under_way);
  return { accepted, refused };
}

/** Resolves once new people are shown something. */
async function shown(tenant: Tenant): Promise<void> {
  for (const end = performance.now() + 2 * LOST_MS; performance.now() < end; await sleep(100)) {
    if ((await tenant.answer(`first-${Math.round(end)}`)).length > 0) return;
  }
  throw new Error('New people are shown nothing');
}

/** New people, one after the other: each clicks on what they are shown first, which then leaves their answer. */
async function probing(
  tenant: Tenant,
  prober: string,
  until: AbortSignal,
  seen: (ms: number | null) => void,
) {
  for (let at = 0; !until.aborted; at++) {
    const user_id = `${prober}-${at}`;
    const [campaign_id] = await tenant.answer(user_id);
    if (campaign_id === undefined) throw new Error(`${user_id} was shown nothing`);
    const occurred_at = new Date().toISOString();
    await tenant.events([{ message_id: 'click', type: 'click', user_id, campaign_id, occurred_at }]);
    const accepted = performance.now();
    const age = () => performance.now() - accepted;
    while ((await tenant.answer(user_id)).includes(campaign_id) && age() < LOST_MS) await sleep(LOOK_MS);
    seen(age() < LOST_MS ? age() : null);
  }
}

async function measure(tenant: Tenant, per_s: number, seconds: number) {
  const histogram = createHistogram({ figures: 3 });
  let lost = 0;
  const until = AbortSignal.timeout(seconds * 1000);
  const [begun, written] = [performance.now(), writing(tenant, per_s, until)];
  await Promise.all(
    Array.from({ length: PROBERS }, (_, prober) =>
      probing(tenant, `p${per_s}-${prober}`, until, (ms) => {
        if (ms === null) lost++;
        else histogram.record(Math.max(1, Math.round(ms * 1000)));
      }),
    ),
  );
  const { accepted, refused } = await written;
  const ms = (percentile: number) => histogram.percentile(percentile) / 1000;
  return {
    'events/s asked': per_s,
    accepted: accepted / ((performance.now() - begun) / 1000),
    refused,
    clicks: histogram.count,
    lost,
    p50_ms: ms(50),
    p95_ms: ms(95),
    p99_ms: ms(99),
  };
}

/**
 * How long after its acceptance (202 at the gateway) a click shows in what the origin answers, while 500 and 2,000
 * events a second are written: on the embedded parts, and on Kafka and the real stores that the environment has.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const [signing] = (await importKeys([key])) as [Key];
  const rows: Record<string, unknown>[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  try {
    for await (const place of ingestPlaces(folder, options.only)) {
      const tiers = await startTiers(place);
      const tenant = openTenant(tiers, place.tenant_id, signing);
      try {
        const campaigns = Array.from({ length: CAMPAIGNS }, (_, at) => campaignAt(at));
        await tenant.campaigns(campaigns.map((campaign, at) => ({ ...campaign, campaign_id: `c-${at}` })));
        await tenant.events(conversation('first', 400));
        await shown(tenant);
        for (const per_s of RATES) {
          const { log, stores } = place;
          rows.push({ log, stores, ...(await measure(tenant, per_s, options.seconds)) });
        }
      } finally {
        tenant.close();
        await tiers.stop();
      }
    }
    await report('freshness', rows, options);
    for (const { log, p95_ms, lost, ...row } of rows) {
      const asked = `${log}, ${row['events/s asked']} events/s`;
      if (Number(p95_ms) > GOAL_P95_MS) console.warn(`OVER THE GOAL of ${GOAL_P95_MS} ms at p95: ${asked}`);
      if (Number(lost) > 0) console.warn(`LOST, not seen within ${LOST_MS} ms: ${lost}, ${asked}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
