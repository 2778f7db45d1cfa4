import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
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
  /** Runs a part of a request in a span of its own; what no request asked for has none. */
  span<Value>(name: string, attributes: Attributes, run: () => Promise<Value>): Promise<Value>;
};

/** Where no traces are kept. */
export const noTraces: Traces = {
  request: (_traceparent, _name, run) => run(() => {}),
  span: (_name, _attributes, run) => run(),
};

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Spans that wait to be sent; of more, some are dropped: a collector that is away costs no memory. */
const WAITING = 2_048;
/** How long a collector may take. */
const SEND_MS = 5_000;

function parentOf(traceparent: string | undefined): Context {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const parent: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return traceId ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

/**
 * Sends a share of the traces to a collector by OTLP over HTTP, behind what is traced. Which ones is decided by the
 * trace's id alone, so that all tiers keep the same: what the caller's flag says could be anybody's wish.
 */
export function openTraces(options: {
  /** What `/v1/traces` stands below. */
  endpoint: string;
  /** From 0 to 1. */
  share: number;
  report: Report;
}): Traces & { close(): Promise<void> } {
  const { endpoint, share, report } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: SEND_MS,
  });
  const byId = new TraceIdRatioBasedSampler(share);
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: byId, remoteParentSampled: byId, remoteParentNotSampled: byId }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, maxQueueSize: WAITING, exportTimeoutMillis: SEND_MS }),
    ],
  });
  const tracer = provider.getTracer('edgewise');
  const active = new AsyncLocalStorage<Context>();

  async function inSpan<Value>(
    name: string,
    about: { kind: SpanKind; attributes: Attributes; parent: Context },
    run: (tell: Tell) => Promise<Value>,
  ): Promise<Value> {
    const { kind, attributes, parent } = about;
    const span = tracer.startSpan(name, { kind, attributes }, parent);
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
    span(name, attributes, run) {
      const parent = active.getStore();
      return parent ? inSpan(name, { kind: SpanKind.INTERNAL, attributes, parent }, run) : run();
    },
    async close() {
      await provider.shutdown().catch((error) => {
        const message = 'the last traces could not be sent';
        report({ level: 'warn', message, error: errorFields(error) });
      });
    },
  };
}
