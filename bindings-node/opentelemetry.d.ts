/** A bridge from OpenTelemetry's SDK (versions 1 and 2): spans and log records go the way of all records here. */

import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Client } from './index.js'

/** Tracks each span that ends, as a `telemetry_span_v1`: `new BasicTracerProvider({ spanProcessors: [it] })`. Batches are
 * the client's, so no other processor is needed. What sends is in the client's configuration, not in the provider's
 * resource. */
export interface ScrubjaySpanProcessor extends SpanProcessor {}
export const ScrubjaySpanProcessor: new (client: Client) => ScrubjaySpanProcessor

/** Tracks log records, as `telemetry_log_v1`; a record with an event name and no body as `telemetry_event_v1`. Goes into a
 * `SimpleLogRecordProcessor`: batches are the client's. */
export interface ScrubjayLogRecordExporter extends LogRecordExporter {}
export const ScrubjayLogRecordExporter: new (client: Client) => ScrubjayLogRecordExporter
