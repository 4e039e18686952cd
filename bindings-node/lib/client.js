'use strict'

const { jsonText, timeoutMs } = require('./arguments.js')
const { toText } = require('./json.js')
const { native } = require('./native.js')

/** OpenTelemetry's default for a forced flush. */
const FLUSH_TIMEOUT_MS = 30_000
/** Exit may cost a host this much and no more. */
const SHUTDOWN_TIMEOUT_MS = 1_000

class Client {
  #native

  /** @param {import('../index.d.ts').Config | string} [config] */
  constructor (config) {
    this.#native = new native.Client(jsonText(config))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {boolean}
   */
  track (record) {
    return this.#native.track(toText(record))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {import('../index.d.ts').Outcome}
   */
  trackChecked (record) {
    return JSON.parse(this.#native.trackChecked(toText(record)))
  }

  /**
   * @param {number} [timeout]
   * @returns {Promise<boolean>}
   */
  async flush (timeout = FLUSH_TIMEOUT_MS) {
    return this.#native.flush(timeoutMs(timeout))
  }

  /**
   * @param {number} [timeout]
   * @returns {Promise<boolean>}
   */
  async shutdown (timeout = SHUTDOWN_TIMEOUT_MS) {
    return this.#native.shutdown(timeoutMs(timeout))
  }

  /** @returns {import('../index.d.ts').ClientStats} */
  stats () {
    return JSON.parse(this.#native.stats())
  }

  async [Symbol.asyncDispose] () {
    await this.shutdown()
  }
}

module.exports = { Client }
