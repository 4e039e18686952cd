'use strict'

/**
 * What the collector counts of itself, as Prometheus text. Labels take their values from the engine's closed
 * lists, so the number of series is bounded whatever is sent.
 */

const { createServer } = require('node:http')
const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = require('prom-client')

/** R4: a sample whose sender opted out is discarded under this reason. */
const OPTED_OUT = 'opted_out'

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
    // A series that appears only with its first event hides that event from rate().
    for (const reason of [...codes.violations, OPTED_OUT]) this.rejected.inc({ reason }, 0)
    for (const rule of codes.rules) this.redactions.inc({ rule }, 0)
  }

  /**
   * Counts what became of a body.
   *
   * @param {import('scrubjay').Verdict} verdict
   */
  count (verdict) {
    this.received.inc(verdict.results.length)
    for (const { status, violations } of verdict.results) {
      if (status !== 'accepted' && violations[0] !== undefined) this.rejected.inc({ reason: violations[0].code })
    }
    for (const [rule, times] of Object.entries(verdict.redactions)) this.redactions.inc({ rule }, times)
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
