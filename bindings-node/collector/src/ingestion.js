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

/** What a verdict may end with, for the forwarder alone: whose records were withheld is no sender's business. */
const WITHHELD = ',"withheld":['

/**
 * A verdict as its sender gets it.
 *
 * @param {string} text
 */
function forSender (text) {
  if (!text.endsWith(']}')) return text
  return `${text.slice(0, text.lastIndexOf(WITHHELD))}}`
}

class Ingestion {
  #with
  #options
  /** Bodies that wait for the disk. */
  counter = { pending: 0 }

  /** @param {Dependencies} dependencies */
  constructor (dependencies) {
    this.#with = dependencies
    const { optOutEnforce, forwarder } = dependencies
    // As text once, and not with every request.
    this.#options = JSON.stringify({ opt_out_enforce: optOutEnforce, tell_withheld: forwarder !== undefined })
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
    const { engine, store, forwarder } = this.#with
    this.counter.pending++
    try {
      const text = await store.ingestText(engine, tenant, format, body, this.#options)
      this.#count(tenant, text)
      // After the answer: who forwards must not hold up who sends.
      if (forwarder !== undefined) setImmediate(() => forwarder.take(tenant, format, body, text))
      return forSender(text)
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
