import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

import { errorFields, type Report } from '../http/report.ts';

/** Tells a span more of what came of it. */
type Tell = (attributes: Attributes) => void;

/** Spans of what a process does. */
export type Traces = {
  /** Runs what a request asks for in a span that continues the trace its `traceparent` names (W3C), or begins one. */
  request<Value>(
    traceparent: string | undefined,
    name: string,
    run: (tell: Tell) => Promise<Value>,
  ): Promise<Value>;
  /** Runs a part of a request, or of what is linked, in a span of its own; what belongs to neither has none. */
  span<Value>(
    name: string,
    attributes: Attributes,
    run: () => Promise<Value>,
    kind?: SpanKind,
  ): Promise<Value>;
  /**
   * Runs what many requests brought about in a span of a trace of its own, linked to those that these `traceparent`s
   * name: to each once, and to 32 at the most. Where there are none, in no span at all.
   */
  linked<Value>(
    traceparents: readonly string[],
    name: string,
    attributes: Attributes,
    run: () => Promise<Value>,
  ): Promise<Value>;
  /** What names the span that is under way, where it is kept: for who goes on with it elsewhere, or later. */
  traceparent(): string | undefined;
};

/** Where no traces are kept. */
export const noTraces: Traces = {
  request: (_traceparent, _name, run) => run(() => {}),
  span: (_name, _attributes, run) => run(),
  linked: (_traceparents, _name, _attributes, run) => run(),
  traceparent: () => undefined,
};

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Spans that wait to be sent; of more, some are dropped: a collector that is away costs no memory. */
const WAITING = 2_048;
/** How long a collector may take. */
const SEND_MS = 5_000;

/** The most spans that one is linked to. */
const MOST_LINKS = 32;

function named(traceparent: string | undefined): SpanContext | null {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  return traceId ? { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true } : null;
}

function parentOf(traceparent: string | undefined): Context {
  const parent = named(traceparent);
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

/** Keeps what is linked to something, since that is kept; else what another sampler keeps. */
function linkedOr(other: Sampler): Sampler {
  return {
    shouldSample: (context, traceId, name, kind, attributes, links) =>
      links.length > 0
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : other.shouldSample(context, traceId, name, kind, attributes, links),
    toString: () => `LinkedOr{${other}}`,
  };
}

/**
 * Sends a share of the traces to a collector by OTLP over HTTP, behind what is traced. Which ones is decided by the
 * trace's id alone, so that all tiers keep the same: what the caller's flag says could be anybody's wish.
 */
export function openTraces(options: {
  /** What the process is, such as `edgewise-origin`. */
  service: string;
  /** What `/v1/traces` stands below. */
  endpoint: string;
  /** From 0 to 1. */
  share: number;
  report: Report;
}): Traces & { close(): Promise<void> } {
  const { service, endpoint, share, report } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: SEND_MS,
  });
  const byId = new TraceIdRatioBasedSampler(share);
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': service })),
    sampler: new ParentBasedSampler({
      root: linkedOr(byId),
      remoteParentSampled: byId,
      remoteParentNotSampled: byId,
    }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, maxQueueSize: WAITING, exportTimeoutMillis: SEND_MS }),
    ],
  });
  const tracer = provider.getTracer('edgewise');
  const active = new AsyncLocalStorage<Context>();

  async function inSpan<Value>(
    name: string,
    about: { kind: SpanKind; attributes: Attributes; parent: Context; links?: Link[] },
    run: (tell: Tell) => Promise<Value>,
  ): Promise<Value> {
    const { kind, attributes, parent, links = [] } = about;
    const span = tracer.startSpan(name, { kind, attributes, links }, parent);
    try {
      return await active.run(trace.setSpan(parent, span), () => run((more) => span.setAttributes(more)));
    } catch (error) {
      const { name: type, code } = error as { name?: string; code?: unknown };
      span.setAttribute('error.type', typeof code === 'string' ? code : (type ?? 'error'));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  return {
    request: (traceparent, name, run) =>
      inSpan(name, { kind: SpanKind.SERVER, attributes: {}, parent: parentOf(traceparent) }, run),
    span(name, attributes, run, kind = SpanKind.INTERNAL) {
      const parent = active.getStore();
      return parent ? inSpan(name, { kind, attributes, parent }, run) : run();
    },
    linked(traceparents, name, attributes, run) {
      const links = [...new Set(traceparents)].slice(0, MOST_LINKS).flatMap((one): Link[] => {
        const context = named(one);
        return context ? [{ context }] : [];
      });
      if (links.length === 0) return run();
      return inSpan(name, { kind: SpanKind.CONSUMER, attributes, parent: ROOT_CONTEXT, links }, run);
    },
    traceparent() {
      const under_way = active.getStore();
      const { traceId, spanId, traceFlags } = (under_way && trace.getSpanContext(under_way)) ?? {};
      const kept = ((traceFlags ?? 0) & TraceFlags.SAMPLED) !== 0;
      return kept ? `00-${traceId}-${spanId}-01` : undefined;
    },
    async close() {
      await provider.shutdown().catch((error) => {
        const message = 'the last traces could not be sent';
        report({ level: 'warn', message, error: errorFields(error) });
      });
    },
  };
}
