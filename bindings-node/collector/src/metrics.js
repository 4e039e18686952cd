'use strict'

/**
 * What the collector counts of itself, as Prometheus text. Labels take their values from the engine's closed
 * lists, so the number of series is bounded whatever is sent.
 */

const { createServer } = require('node:http')
const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = require('prom-client')

/** R4: a sample whose sender opted out is discarded under this reason. */
const OPTED_OUT = 'opted_out'
/** A record from before its user was deleted. */
const ERASED = 'erased'

/** Why requests are refused, and what becomes of records that are forwarded. */
const REFUSALS = ['unauthenticated', 'forbidden', 'rate_limited', 'overloaded']
const FORWARDED = ['queued', 'refused', 'withheld', 'erased']

/**
 * As much of a verdict as is counted. Where all records were accepted the results may be left out.
 *
 * @typedef {object} Counted
 * @property {number} accepted
 * @property {number} [opted_out]
 * @property {number} [refused] from before their user was deleted
 * @property {Array<{ status: string, violations: Array<{ code: string }> }>} results
 * @property {Record<string, number>} redactions
 */

/** Milliseconds. One durable write takes a few; a request that needs a second is in trouble. */
const LATENCY_BUCKETS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]

class Metrics {
  /** @param {import('scrubjay').Codes} codes */
  constructor (codes) {
    this.registry = new Registry()
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    this.received = new Counter({
      name: 'telemetry_samples_received_total', help: 'Samples received, whatever became of them.', registers
    })
    this.rejected = new Counter({
      name: 'telemetry_samples_rejected_total',
      help: 'Samples not accepted, by the code of their first violation.',
      labelNames: ['reason'],
      registers
    })
    this.redactions = new Counter({
      name: 'telemetry_redactions_total',
      help: 'Values that scrubbing changed in this collector, by rule.',
      labelNames: ['rule'],
      registers
    })
    this.latency = new Histogram({
      name: 'telemetry_ingestion_latency_ms',
      help: 'Milliseconds from a request to its durable answer.',
      buckets: LATENCY_BUCKETS_MS,
      registers
    })
    const { received, rejected } = this
    this.optOutRatio = new Gauge({
      name: 'telemetry_opt_out_ratio',
      help: 'Share of the received samples whose sender had opted out.',
      registers,
      async collect () {
        const total = (await received.get()).values[0]?.value ?? 0
        const refused = (await rejected.get()).values.find((series) => series.labels.reason === OPTED_OUT)
        this.set(total === 0 ? 0 : (refused?.value ?? 0) / total)
      }
    })
    this.refused = new Counter({
      name: 'telemetry_requests_refused_total',
      help: 'Requests refused before their records were read, by reason.',
      labelNames: ['reason'],
      registers
    })
    this.requests = new Counter({
      name: 'telemetry_http_requests_total',
      help: 'Answered requests, by route and status.',
      labelNames: ['route', 'status'],
      registers
    })
    this.forwarded = new Counter({
      name: 'telemetry_forward_records_total',
      help: 'Records for the OTLP receiver, by what became of them here.',
      labelNames: ['outcome'],
      registers
    })
    this.notices = new Gauge({
      name: 'telemetry_deletion_notices_pending', help: 'Deletions that a receiver was not told of yet.', registers
    })
    this.traceFailures = new Counter({
      name: 'telemetry_trace_failures_total', help: 'Traces of this collector that could not be kept.', registers
    })
    // A series that appears only with its first event hides that event from rate().
    for (const reason of [...codes.violations, OPTED_OUT, ERASED]) this.rejected.inc({ reason }, 0)
    for (const reason of REFUSALS) this.refused.inc({ reason }, 0)
    for (const outcome of FORWARDED) this.forwarded.inc({ outcome }, 0)
    for (const rule of codes.rules) this.redactions.inc({ rule }, 0)
  }

  /**
   * Counts what became of a body.
   *
   * @param {Counted} verdict
   */
  count (verdict) {
    const { accepted, opted_out: optedOut = 0, refused: erased = 0, results } = verdict
    for (const { status, violations } of results) {
      if (status !== 'accepted' && violations[0] !== undefined) this.rejected.inc({ reason: violations[0].code })
    }
    // In their results these look accepted: their senders have nothing to do.
    if (optedOut > 0) this.rejected.inc({ reason: OPTED_OUT }, optedOut)
    if (erased > 0) this.rejected.inc({ reason: ERASED }, erased)
    this.received.inc(Math.max(results.length, accepted))
    for (const [rule, times] of Object.entries(verdict.redactions)) this.redactions.inc({ rule }, times)
  }

  /**
   * The series of one gauge, asked when Prometheus asks.
   *
   * @param {string} name
   * @param {string} help
   * @param {() => number} read
   */
  watch (name, help, read) {
    // eslint-disable-next-line no-new
    new Gauge({ name, help, registers: [this.registry], collect () { this.set(read()) } })
  }

  /** The text, in Prometheus's exposition format 0.0.4. */
  text () {
    return this.registry.metrics()
  }

  /** A server for the text alone: its port need not be reachable from where records come from. */
  server () {
    return createServer((request, response) => {
      if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
        response.writeHead(404).end()
        return
      }
      this.text().then(
        (text) => response.writeHead(200, { 'content-type': this.registry.contentType }).end(text),
        () => response.writeHead(500).end()
      )
    })
  }
}

exports.Metrics = Metrics
