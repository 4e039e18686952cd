'use strict'

/**
 * A transport for pino, which runs it in a thread of its own: log lines become records of the kind `telemetry_log_v1`,
 * validated and scrubbed like all others. See `pino.d.ts`.
 */

const { Writable } = require('node:stream')
const { Client } = require('./lib/client.js')
const { currentSpan } = require('./lib/context.js')
const { timestamp } = require('./lib/time.js')

/** What pino calls its levels, as a record does; a host's own lie in between. */
const LEVELS = /** @type {const} */ ([[60, 'fatal'], [50, 'error'], [40, 'warning'], [30, 'info'], [20, 'debug']])

/**
 * @param {import('./pino.js').PinoTransportOptions} [options]
 * @returns {Promise<Writable>}
 */
async function transport ({ config, component = 'app', eventType = 'log', timeoutMs = 1_000 } = {}) {
  const client = new Client(config)
  // What came of a line whose end has not come yet.
  let begun = ''
  return new Writable({
    decodeStrings: false,
    write (chunk, _, done) {
      const lines = (begun + chunk).split('\n')
      begun = lines.pop() ?? ''
      for (const line of lines) if (line !== '') client.track(recordOf(line, component, eventType))
      done()
    },
    final (done) {
      client.shutdown(timeoutMs).then(() => done(), done)
    }
  })
}

/**
 * @param {string} line
 * @param {string} component
 * @param {string} eventType
 * @returns {string | object} the line itself where it is no JSON, which the client counts as unreadable
 */
function recordOf (line, component, eventType) {
  let entry
  try {
    entry = JSON.parse(line)
  } catch {
    return line
  }
  const {
    level, time, msg, name, event_type: event = eventType, feature_flag_context: flags = {}, trace_id: traceId,
    span_id: spanId, pid, hostname, ...metadata
  } = entry
  return {
    schema: 'telemetry_log_v1',
    timestamp: timeOf(time),
    context: traceId === undefined ? undefined : { trace_id: traceId, span_id: spanId },
    component: name ?? component,
    level: levelOf(level),
    message: msg ?? '',
    event_type: event,
    feature_flag_context: flags,
    trace_id: traceId,
    metadata
  }
}

/** @param {unknown} time milliseconds since 1970, or what a formatter made of it */
function timeOf (time) {
  if (typeof time === 'number' && time >= 0) return timestamp(Math.floor(time / 1000), time % 1000 * 1_000_000)
  const date = new Date(/** @type {any} */ (time))
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

/** @param {unknown} level a number, or what a formatter made of it */
function levelOf (level) {
  if (typeof level !== 'number') return level
  return LEVELS.find(([least]) => level >= least)?.[1] ?? 'trace'
}

/** @returns {{ trace_id?: string, span_id?: string }} */
function traceMixin () {
  const span = currentSpan()
  return span?.isRecording ? { trace_id: span.traceId, span_id: span.spanId } : {}
}

module.exports = Object.assign(transport, { default: transport, traceMixin })
