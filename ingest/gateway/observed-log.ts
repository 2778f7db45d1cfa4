import { SpanKind } from '@opentelemetry/api';
import type { Log } from '#backing/log/port.ts';
import { type Observed, observedCalls } from '#backing/telemetry/calls.ts';
import { noTraces } from '#backing/telemetry/traces.ts';

/**
 * A log whose appends are measured, and each have a span, by OpenTelemetry's conventions for messaging; where that is kept,
 * it goes with the messages, so that who reads them can tell what brought them about.
 */
export function observedLog(log: Log, { meter, traces = noTraces }: Observed): Log {
  const call = observedCalls({ meter });
  return {
    ...log,
    append(topic, messages, signal) {
      const about = {
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
        'messaging.batch.message_count': messages.length,
      };
      const send = () => {
        const traceparent = traces.traceparent();
        const named = traceparent === undefined ? messages : messages.map((one) => ({ ...one, traceparent }));
        return log.append(topic, named, signal);
      };
      return call('log', `append ${topic}`, () =>
        traces.span(`send ${topic}`, about, send, SpanKind.PRODUCER),
      );
    },
  };
}
