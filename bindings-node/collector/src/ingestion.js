'use strict'

/**
 * The one way in: a body to the store, its verdict back, and what became of it counted and passed on.
 *
 * @typedef {object} Dependencies
 * @property {import('scrubjay').Engine} engine
 * @property {import('scrubjay').Store} store
 * @property {import('./metrics.js').Metrics} metrics
 * @property {import('./counts.js').Counts} counts
 * @property {import('./forward/forwarder.js').Forwarder | undefined} forwarder
 * @property {boolean} optOutEnforce
 */

/** The figures that a verdict begins with. */
const HEAD = /^\{"accepted":(\d+),"rejected":0,"dropped":0,"opted_out":0,"refused":0,/
const REDACTIONS = '"redactions":'

class Ingestion {
  #with
  /** Bodies that wait for the disk. */
  counter = { pending: 0 }

  /** @param {Dependencies} dependencies */
  constructor (dependencies) {
    this.#with = dependencies
  }

  /**
   * Takes a body in. Resolves to the verdict, as text, when what it accepted is on disk.
   *
   * @param {string} tenant
   * @param {import('scrubjay').BodyFormat} format
   * @param {Buffer} body
   * @returns {Promise<string>}
   */
  async take (tenant, format, body) {
    const { engine, store, forwarder, optOutEnforce } = this.#with
    this.counter.pending++
    try {
      const text = await store.ingestText(engine, tenant, format, body, { opt_out_enforce: optOutEnforce })
      this.#count(tenant, text)
      // After the answer: who forwards must not hold up who sends.
      if (forwarder !== undefined) setImmediate(() => forwarder.take(tenant, format, body, text))
      return text
    } finally {
      this.counter.pending--
    }
  }

  /**
   * Counts what became of a body. Verdicts on a thousand records are long, and mostly all say the same: those are not
   * parsed.
   *
   * @param {string} tenant
   * @param {string} text
   */
  #count (tenant, text) {
    const { metrics, counts } = this.#with
    const [, accepted] = HEAD.exec(text) ?? []
    const at = text.lastIndexOf(REDACTIONS)
    const isPlain = accepted !== undefined && at > 0
    const verdict = isPlain
      ? { accepted: Number(accepted), results: [], redactions: JSON.parse(text.slice(at + REDACTIONS.length, -1)) }
      : JSON.parse(text)
    metrics.count(verdict)
    counts.add(tenant, verdict)
  }
}

exports.Ingestion = Ingestion
