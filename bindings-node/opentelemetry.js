'use strict'

/** A bridge from OpenTelemetry's SDK: spans and log records become records here. See `opentelemetry.d.ts`. */

const { timestamp } = require('./lib/time.js')

/** By `SpanKind` of OpenTelemetry's API. */
const KINDS = /** @type {const} */ (['internal', 'server', 'client', 'producer', 'consumer'])
/** By `SpanStatusCode`. */
const CODES = /** @type {const} */ (['unset', 'ok', 'error'])
/** By the range of four that a `SeverityNumber` is in. */
const LEVELS = /** @type {const} */ (['trace', 'debug', 'info', 'warning', 'error', 'fatal'])
/** `ExportResultCode.SUCCESS`. */
const SUCCESS = { code: 0 }
/** W3C's flags without OpenTelemetry's own bits. */
const FLAGS = 0xff

class ScrubjaySpanProcessor {
  #client

  /** @param {import('./index.js').Client} client */
  constructor (client) {
    this.#client = client
  }

  onStart () {}

  /** @param {any} span a `ReadableSpan` */
  onEnd (span) {
    try {
      this.#client.track(spanRecord(span))
    } catch {
      // A span of another version. Its host goes on.
    }
  }

  async forceFlush () {
    await this.#client.flush()
  }

  async shutdown () {
    await this.#client.shutdown()
  }
}

class ScrubjayLogRecordExporter {
  #client

  /** @param {import('./index.js').Client} client */
  constructor (client) {
    this.#client = client
  }

  /**
   * @param {any[]} records `ReadableLogRecord`s
   * @param {(result: { code: number, error?: Error }) => void} done
   */
  export (records, done) {
    try {
      for (const record of records) this.#client.track(logRecord(record))
      done(SUCCESS)
    } catch (error) {
      done({ code: 1, error: /** @type {Error} */ (error) })
    }
  }

  async forceFlush () {
    await this.#client.flush()
  }

  async shutdown () {
    await this.#client.shutdown()
  }
}

/** @param {any} span */
function spanRecord (span) {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  return {
    schema: 'telemetry_span_v1',
    trace_id: traceId,
    span_id: spanId,
    // Of version 2 of the SDK, and of version 1.
    parent_span_id: span.parentSpanContext?.spanId ?? span.parentSpanId,
    trace_state: traceState?.serialize(),
    flags: traceFlags & FLAGS,
    name: span.name,
    kind: KINDS[span.kind],
    start_time_unix_nano: nanoseconds(span.startTime),
    end_time_unix_nano: nanoseconds(span.endTime),
    attributes: span.attributes,
    dropped_attributes_count: span.droppedAttributesCount || undefined,
    events: span.events.length === 0 ? undefined : span.events.map(eventOf),
    dropped_events_count: span.droppedEventsCount || undefined,
    links: span.links.length === 0 ? undefined : span.links.map(linkOf),
    dropped_links_count: span.droppedLinksCount || undefined,
    status: span.status.code === 0 ? undefined : { code: CODES[span.status.code], message: span.status.message }
  }
}

/** @param {any} event */
function eventOf ({ time, name, attributes, droppedAttributesCount }) {
  const dropped = droppedAttributesCount || undefined
  return { time_unix_nano: nanoseconds(time), name, attributes, dropped_attributes_count: dropped }
}

/** @param {any} link */
function linkOf ({ context, attributes, droppedAttributesCount }) {
  const dropped = droppedAttributesCount || undefined
  return { trace_id: context.traceId, span_id: context.spanId, attributes, dropped_attributes_count: dropped }
}

/**
 * An event of OpenTelemetry is a log record with a name and no text.
 *
 * @param {any} record
 */
function logRecord ({ hrTime, spanContext, severityNumber, body, attributes, eventName, instrumentationScope }) {
  const time = timestamp(hrTime[0], hrTime[1])
  const context = spanContext && { trace_id: spanContext.traceId, span_id: spanContext.spanId }
  if (eventName !== undefined && body === undefined) {
    return { timestamp: time, context, channel: instrumentationScope.name, event: eventName, payload: attributes }
  }
  const isText = typeof body === 'string'
  return {
    schema: 'telemetry_log_v1',
    timestamp: time,
    context,
    component: instrumentationScope.name,
    level: severityNumber > 0 ? LEVELS[(severityNumber - 1) >> 2] : 'info',
    message: isText ? body : '',
    event_type: eventName ?? 'log',
    feature_flag_context: {},
    trace_id: spanContext?.traceId,
    metadata: isText || body === undefined ? attributes : { ...attributes, body }
  }
}

/** @param {[number, number]} time seconds since 1970, and nanoseconds */
function nanoseconds ([seconds, nanos]) {
  return `${seconds}${String(nanos).padStart(9, '0')}`
}

module.exports = { ScrubjayLogRecordExporter, ScrubjaySpanProcessor }
