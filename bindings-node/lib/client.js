'use strict'

const { jsonText, timeoutMs } = require('./arguments.js')
const { toText } = require('./json.js')
const { Listeners } = require('./listeners.js')
const { native } = require('./native.js')

/** OpenTelemetry's default for a forced flush. */
const FLUSH_TIMEOUT_MS = 30_000
/** Exit may cost a host this much and no more. */
const SHUTDOWN_TIMEOUT_MS = 1_000

class Client {
  #native
  #listeners

  /** @param {import('../index.d.ts').Config | string} [config] */
  constructor (config) {
    this.#native = new native.Client(jsonText(config))
    this.#listeners = new Listeners((since) => JSON.parse(this.#native.changes(since)))
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

  /** @returns {import('../index.d.ts').ClientStatus} */
  status () {
    return JSON.parse(this.#native.status())
  }

  /**
   * @param {import('../index.d.ts').ConsentGrant} grant
   * @returns {Promise<boolean>}
   */
  async optIn (grant) {
    return this.#native.optIn(word(grant))
  }

  /**
   * @param {import('../index.d.ts').ConsentWord} withdrawal
   * @returns {Promise<void>}
   */
  async optOut (withdrawal) {
    await this.#native.optOut(word(withdrawal))
  }

  /**
   * @param {import('../index.d.ts').Config | string} config
   * @returns {import('../index.d.ts').ChangedKey[]}
   */
  reconfigure (config) {
    return JSON.parse(this.#native.reconfigure(jsonText(config)))
  }

  /**
   * @param {(change: import('../index.d.ts').ClientChange) => void} listener
   * @returns {() => void}
   */
  addListener (listener) {
    return this.#listeners.add(listener)
  }

  /** @returns {import('../index.d.ts').ConsentEntry[]} */
  consentHistory () {
    return JSON.parse(this.#native.consentHistory())
  }

  /** @returns {import('../index.d.ts').TrailState} */
  consentVerify () {
    return JSON.parse(this.#native.consentVerify())
  }

  async [Symbol.asyncDispose] () {
    await this.shutdown()
  }
}

/**
 * What a user says, as the core reads it.
 *
 * @param {import('../index.d.ts').ConsentGrant} said
 * @returns {string}
 */
function word (said) {
  const { purposes, noticeVersion, source } = said ?? {}
  return JSON.stringify({ purposes, notice_version: noticeVersion, source })
}

module.exports = { Client }
