'use strict'

const { jsonText, timeoutMs } = require('./arguments.js')
const { Slab } = require('./capture.js')
const { contexts, enriched } = require('./context.js')
const { Meter } = require('./instruments.js')
const { failure } = require('./error.js')
const { toText } = require('./json.js')
const { Listeners } = require('./listeners.js')
const { enlist, SHUTDOWN_TIMEOUT_MS } = require('./live.js')
const { native } = require('./native.js')
const { checkCaptured } = native
const { CheckedOutcome } = require('./outcome.js')
const { Span } = require('./span.js')

/** OpenTelemetry's default for a forced flush. */
const FLUSH_TIMEOUT_MS = 30_000
/** The longest that a record waits in the slab: little beside the flush interval, and more than a burst takes. */
const HANDOVER_MS = 100

class Client extends Meter {
  #native
  #listeners
  /** @type {InstanceType<typeof Slab> | undefined} */
  #slab
  #isOff
  /** Whether `track` returns when its record is on the disk: nothing may wait in the slab then. */
  #isDurable
  #isClosed = false
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** @type {(() => void) | undefined} */
  #delist

  /** @param {import('../index.d.ts').Config | string} [config] */
  constructor (config) {
    super()
    this.#native = new native.Client(jsonText(config))
    this.#listeners = new Listeners((since) => JSON.parse(this.#native.changes(since)))
    this.#isOff = this.#native.isOff()
    this.#isDurable = this.#native.isDurable()
    this.#warn()
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {boolean}
   */
  track (record) {
    if (this.#isOff || this.#isClosed) return this.#refuse()
    if (contexts.isUsed) record = enriched(record)
    if (this.#isDurable || typeof record === 'string' || record instanceof Uint8Array) return this.#trackText(record)
    const slab = this.#slab ?? this.#attach()
    const isFirst = slab?.length === 0
    // A getter of a record tracks another one: that one takes the way of texts.
    if (!slab?.append(record)) return this.#native.track(toText(record))
    if (isFirst) this.#wait()
    if (slab.isFull) this.#handOver()
    return true
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {Promise<boolean>}
   */
  async trackAsync (record) {
    if (this.#isOff || this.#isClosed) return this.#refuse()
    if (!this.#isDurable) return this.track(record)
    if (this.#slab === undefined) this.#attach()
    return this.#native.trackAsync(toText(contexts.isUsed ? enriched(record) : record))
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {import('../index.d.ts').Outcome}
   */
  trackChecked (record) {
    if (contexts.isUsed) record = enriched(record)
    const isText = typeof record === 'string' || record instanceof Uint8Array
    const slab = this.#slab ?? this.#attach()
    if (slab !== undefined && slab.length > 0) this.#handOver()
    if (isText || slab === undefined || !slab.write(record)) {
      return new CheckedOutcome(this.#native.trackChecked(toText(record)))
    }
    return new CheckedOutcome(checkCaptured(slab.number, slab.end))
  }

  /**
   * @param {string} name
   * @param {import('../index.d.ts').SpanOptions | ((span: import('../index.d.ts').Span) => any)} options
   * @param {(span: import('../index.d.ts').Span) => any} [fn]
   * @returns {any}
   */
  span (name, options, fn) {
    if (typeof options === 'function') return this.startSpan(name).whole(options)
    if (typeof fn !== 'function') throw failure('argument_invalid', '/fn', 'expected a function')
    return this.startSpan(name, options).whole(fn)
  }

  /**
   * @param {string} name
   * @param {import('../index.d.ts').SpanOptions} [options]
   */
  startSpan (name, options) {
    const isRecording = !this.#isOff && !this.#isClosed
    return new Span(name, options ?? {}, isRecording ? (record) => this.track(record) : undefined)
  }

  /**
   * @param {import('../index.d.ts').Measurement} measurement
   * @returns {boolean}
   */
  measure (measurement) {
    if (this.#slab === undefined) this.#attach()
    const isTaken = this.#native.measure(measurementText(measurement))
    if (!isTaken) this.#warn()
    return isTaken
  }

  /** @returns {import('../index.d.ts').PreviewedRequest[]} */
  preview () {
    this.#handOver()
    return JSON.parse(this.#native.preview())
  }

  /**
   * @param {number} [timeout]
   * @returns {Promise<boolean>}
   */
  async flush (timeout = FLUSH_TIMEOUT_MS) {
    const milliseconds = timeoutMs(timeout)
    this.#handOver()
    const isDone = await this.#native.flush(milliseconds)
    this.#warn()
    return isDone
  }

  /**
   * @param {number} [timeout]
   * @returns {Promise<boolean>}
   */
  async shutdown (timeout = SHUTDOWN_TIMEOUT_MS) {
    const milliseconds = timeoutMs(timeout)
    this.#close()
    const isComplete = await this.#native.shutdown(milliseconds)
    this.#warn()
    return isComplete
  }

  /** @returns {import('../index.d.ts').ClientStats} */
  stats () {
    this.#handOver()
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
    // What was captured before is judged by what held before.
    this.#handOver()
    const isOn = await this.#native.optIn(word(grant))
    this.#isOff = this.#native.isOff()
    return isOn
  }

  /**
   * @param {import('../index.d.ts').ConsentWord} withdrawal
   * @returns {Promise<void>}
   */
  async optOut (withdrawal) {
    // Erased with the rest.
    this.#handOver()
    await this.#native.optOut(word(withdrawal))
    this.#isOff = this.#native.isOff()
  }

  /**
   * @param {import('../index.d.ts').DeletionWish} wish
   * @returns {Promise<void>}
   */
  async requestDeletion (wish) {
    const { userId, tenantId, source } = wish ?? {}
    await this.#native.requestDeletion(JSON.stringify({ user_id: userId, tenant_id: tenantId, source }))
  }

  /**
   * @param {import('../index.d.ts').Config | string} config
   * @returns {import('../index.d.ts').ChangedKey[]}
   */
  reconfigure (config) {
    this.#handOver()
    const changed = JSON.parse(this.#native.reconfigure(jsonText(config)))
    this.#isOff = this.#native.isOff()
    this.#isDurable = this.#native.isDurable()
    return changed
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

  /** @returns {import('../index.d.ts').ConsentTrailState} */
  consentVerify () {
    return JSON.parse(this.#native.consentVerify())
  }

  async [Symbol.asyncDispose] () {
    await this.shutdown()
  }

  /** Counts a call that captures nothing. */
  #refuse () {
    this.#isOff = this.#native.isOff()
    // Where it was turned on meanwhile, the next record is captured.
    return this.#isOff || this.#isClosed ? this.#native.track('') : false
  }

  /**
   * @param {string | Uint8Array | object} record
   * @returns {boolean}
   */
  #trackText (record) {
    if (this.#slab === undefined) this.#attach()
    this.#handOver()
    return this.#native.track(toText(record))
  }

  /**
   * The memory for records, when the first one comes; none for a client that is closed. From then on the client has
   * something to lose, when its thread ends and when the process does.
   */
  #attach () {
    if (this.#isClosed) return undefined
    const slab = new Slab()
    slab.number = this.#native.attach(slab.bytes)
    this.#delist = enlist(this)
    this.#slab = slab
    return slab
  }

  /** Sees to it that what is in the slab does not wait for more. */
  #wait () {
    if (this.#timer) {
      this.#timer.refresh()
      return
    }
    this.#timer = setTimeout(() => this.#handOver(), HANDOVER_MS)
    this.#timer.unref()
  }

  #handOver () {
    const slab = this.#slab
    if (slab === undefined || slab.length === 0 || slab.isBusy) return
    this.#isOff = !this.#native.handOver()
    slab.clear()
    if (this.#native.hasWarnings()) this.#warn()
  }

  /** Says what the engine has to say, at most one line a minute for each reason, as Node says its own warnings. */
  #warn () {
    for (const line of this.#native.takeWarnings()) process.emitWarning(line, { type: 'TelemetryWarning' })
  }

  #close () {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#delist?.()
    // What is in the slab is captured, and its memory given back.
    this.#native.detach()
    this.#slab = undefined
  }

  /**
   * At the end of the process; for `live.js`.
   *
   * @param {number} deadline
   */
  leave (deadline) {
    this.#close()
    this.#native.leave(Math.max(0, deadline - Date.now()))
  }
}

/**
 * A measurement as the core reads it; nothing where it has no such text, of which the core tells.
 *
 * @param {import('../index.d.ts').Measurement} measurement
 * @returns {string}
 */
function measurementText (measurement) {
  try {
    const { name, type, value, unit, attributes } = measurement
    // A number that JSON cannot hold is no measurement.
    return Number.isFinite(value) ? JSON.stringify({ name, type, value, unit, attributes }) : ''
  } catch {
    return ''
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
