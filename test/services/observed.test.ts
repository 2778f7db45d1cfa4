import { expect, onTestFinished, test, vi } from 'vitest';
import { importKeys, type Key } from '#contract/signature.ts';
import { answeringGroups } from '#contract/topics.ts';
import { gatewayClient } from '../../infra/local/files/gateway-client.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { startWorker } from '../../infra/local/stack/worker.ts';
import { workerVars } from '../../infra/local/stack/worker-vars.ts';
import { openCollector, type SentSpan } from '../support/collector.ts';
import { stopTier } from '../support/tier.ts';
import { freePorts } from './free-ports.ts';
import { onServices } from './on-service.ts';
import { ALL_SERVICES, startRealTiers } from './real-tiers.ts';

const TENANT = 'demo';
const LATER = { timeout: 90_000, interval: 500 };
const { signal } = new AbortController();
const traceOf = (digit: string) => ({ trace: digit.repeat(32), span: digit.repeat(16) });
const [WRITTEN, READ] = [traceOf('a'), traceOf('b')];

const campaigns = ['wifi drops', 'paper jams', 'lost photos'].map((text, at) => ({
  ...{ campaign_id: `c${at}`, title: text, text: `What helps where ${text}`, tags: [`t${at}`] },
}));

onServices(ALL_SERVICES, (...addresses) => {
  test('each tier tells of each of its stores, in metrics and in the trace of who asked at the edge', async () => {
    const { endpoint, spans } = await openCollector();
    const ports = await freePorts(3);
    const tiers = [['ingest/main.ts', 'gateway'], ['ingest/main.ts', 'views'], ['origin/main.ts']];
    const real = await startRealTiers(
      addresses,
      tiers.map((args, at) => ({
        args,
        env: {
          OPERATIONS_PORT: String(ports[at]),
          OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
          OTEL_TRACES_SAMPLER_ARG: '1',
          RECALL_SHARE: '1',
        },
      })),
    );
    const { urlOf, keys } = real;
    const [gateway, views, origin] = ports.map((port) => async () => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      return await response.text();
    }) as [() => Promise<string>, () => Promise<string>, () => Promise<string>];

    const [key] = (await importKeys([keys.gateway])) as [Key];
    const about = { url: urlOf('gateway'), key, tenant_id: TENANT, clock: Date.now, signal };
    const lines = campaigns.map((one) => JSON.stringify(one)).join('\n');
    expect(await gatewayClient(about)('campaigns', Buffer.from(lines))).toMatchObject({ accepted: 3 });
    const vars = workerVars({
      ...{ keys, tenants: [TENANT] },
      ...{ origin_url: urlOf('origin'), gateway_url: urlOf('gateway') },
    });
    // Milvus Lite stands in for correctness, not for speed.
    const worker = await startWorker({ port: 0, vars: { ...vars, READ_DEADLINE_MS: '9000' } });
    onTestFinished(() => worker.close());
    const token = await signToken({
      ...{ keys, tenant_id: TENANT, user_id: 'ada', scopes: ['recommendations:read', 'events:write'] },
      ...{ lifetime_s: 3600, now_ms: Date.now() },
    });
    const headersOf = ({ trace, span }: typeof READ) => ({
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      traceparent: `00-${trace}-${span}-00`,
    });
    const occurred_at = new Date().toISOString();
    const person = { user_id: 'ada', occurred_at };
    const events = [
      { ...person, type: 'message', message_id: 'm1', text: 'my wifi drops again', reply_to: 'm0' },
      { ...person, type: 'click', message_id: 'm2', campaign_id: 'c1' },
    ];
    const posted = await fetch(new URL('/v1/events', worker.url), {
      ...{ method: 'POST', headers: headersOf(WRITTEN), body: JSON.stringify({ events }) },
    });
    expect(posted.status).toBe(202);
    await vi.waitFor(async () => {
      const text = await views();
      for (const group of answeringGroups)
        expect(text).toMatch(new RegExp(`edgewise_view_freshness_count\\{view="${group}"\\} [2-9]`));
    }, LATER);

    let asking = 0;
    await vi.waitFor(async () => {
      // Each is another question, so that no tier has its answer.
      const body = JSON.stringify({ context: { text: `wifi drops ${++asking} times` } });
      const url = new URL('/v1/users/ada/recommendations', worker.url);
      expect((await fetch(url, { method: 'POST', headers: headersOf(READ), body })).status).toBe(200);
      // A search of Milvus that was asked again without its index, behind an answer.
      expect(await origin()).toMatch(
        /edgewise_search_recall_count\{source="fitting_context",collection="campaigns"\} [1-9]/,
      );
    }, LATER);

    const expectCalls = (text: string, calls: Record<string, string>) => {
      for (const [dependency, operation] of Object.entries(calls))
        for (const line of ['bucket', 'count'])
          expect(text).toContain(
            `edgewise_dependency_call_duration_${line}{dependency="${dependency}",operation="${operation}",outcome="ok"`,
          );
    };
    const asked = { catalogue: 'all', counters: 'daily', profiles: 'read', vectors: 'nearest_campaigns' };
    const originText = await origin();
    const others = { graph: 'neighbours', answers: 'get', embedder: 'embed' };
    expectCalls(originText, { ...asked, ...others });
    for (const line of [
      'http_server_request_duration_bucket{http_request_method="POST",http_response_status_code="200",http_route="/v1/users/:user_id/recommendations"',
      'edgewise_source_candidates_bucket{source="popular"',
      'edgewise_answers_total{how="made"}',
      'edgewise_held_lookups_total{held="profiles"',
      'edgewise_dependency_left_alone{dependency="graph"} 0',
    ])
      expect(originText).toContain(line);
    const applied = { counters: 'apply', catalogue: 'put', vectors: 'put_messages', graph: 'add' };
    const viewsText = await views();
    expectCalls(viewsText, { ...applied, embedder: 'embed', answers: 'raise' });
    expect(viewsText).toMatch(/edgewise_view_lag\{view="graph",topic="events",partition="\d"\} 0\n/);
    const gatewayText = await gateway();
    expectCalls(gatewayText, { log: 'append events' });
    expect(gatewayText).toContain('http_route="/v1/events"');

    // What is left to be sent is sent as they end.
    for (const { child } of real.tiers) expect(await stopTier(child)).toBe(0);
    const ofTrace = (trace: string, service: string) =>
      spans.filter((span) => span.traceId === trace && span.service === service);
    const namesOf = (some: readonly SentSpan[]) => new Set(some.map(({ name }) => name));
    const answered = ofTrace(READ.trace, 'edgewise-origin');
    const calls = Object.entries({ ...asked, ...others });
    expect([...namesOf(answered)]).toEqual(
      expect.arrayContaining([
        'POST',
        ...calls.map(([dependency, operation]) => `${dependency} ${operation}`),
      ]),
    );
    const [request] = answered.filter(({ name }) => name === 'POST');
    expect(request?.parentSpanId).toBe(READ.span);

    const written = ofTrace(WRITTEN.trace, 'edgewise-gateway');
    expect([...namesOf(written)]).toEqual(expect.arrayContaining(['POST', 'send events']));
    const batches = spans.filter(
      ({ service, links = [] }) =>
        service === 'edgewise-views' && links.some(({ traceId }) => traceId === WRITTEN.trace),
    );
    const within = spans.filter(({ parentSpanId }) => batches.some(({ spanId }) => spanId === parentSpanId));
    expect([...namesOf(within)]).toEqual(
      expect.arrayContaining(['counters apply', 'vectors put_messages', 'graph add', 'answers raise']),
    );
  });
});
