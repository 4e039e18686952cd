'use strict'

const { jsonText, timeoutMs } = require('./arguments.js')
const { HEAD_BYTES, Slab } = require('./capture.js')
const { toText } = require('./json.js')
const { Listeners } = require('./listeners.js')
const { native } = require('./native.js')

/** OpenTelemetry's default for a forced flush. */
const FLUSH_TIMEOUT_MS = 30_000
/** Exit may cost a host this much and no more. */
const SHUTDOWN_TIMEOUT_MS = 1_000
/** The longest that a record waits in the slab: little beside the flush interval, and more than a burst takes. */
const HANDOVER_MS = 100

/**
 * Clients that captured something and may have some left, until they are shut down.
 *
 * @type {Set<WeakRef<Client>>}
 */
const live = new Set()
let isWatching = false
/** @type {(client: Client, deadline: number) => void} */
let leave

class Client {
  #native
  #listeners
  #slab = new Slab()
  #isOff
  /** Whether `track` returns when its record is on the disk: nothing may wait in the slab then. */
  #isDurable
  #isClosed = false
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** @type {WeakRef<Client> | undefined} */
  #self

  static {
    leave = (client, deadline) => client.#leave(deadline)
  }

  /** @param {import('../index.d.ts').Config | string} [config] */
  constructor (config) {
    this.#native = new native.Client(jsonText(config))
    this.#listeners = new Listeners((since) => JSON.parse(this.#native.changes(since)))
    this.#isOff = this.#native.isOff()
    this.#isDurable = this.#native.isDurable()
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {boolean}
   */
  track (record) {
    if (this.#isOff || this.#isClosed) return this.#refuse()
    if (this.#isDurable) return this.#native.track(toText(record))
    if (typeof record === 'string' || record instanceof Uint8Array) {
      this.#handOver()
      return this.#native.track(record)
    }
    const slab = this.#slab
    const isFirst = slab.length === 0
    // A getter of a record tracks another one: that one takes the way of texts.
    if (!slab.append(record)) return this.#native.track(toText(record))
    if (isFirst) this.#wait()
    if (slab.isFull) this.#handOver()
    return true
  }

  /**
   * @param {import('../index.d.ts').RecordInput} record
   * @returns {import('../index.d.ts').Outcome}
   */
  trackChecked (record) {
    this.#handOver()
    const slab = this.#slab
    if (typeof record === 'string' || record instanceof Uint8Array || !slab.append(record)) {
      return JSON.parse(this.#native.trackChecked(toText(record)))
    }
    const end = slab.length
    slab.clear()
    return JSON.parse(this.#native.trackCapturedChecked(slab.bytes, HEAD_BYTES, end))
  }

  /**
   * @param {number} [timeout]
   * @returns {Promise<boolean>}
   */
  async flush (timeout = FLUSH_TIMEOUT_MS) {
    const milliseconds = timeoutMs(timeout)
    this.#handOver()
    return this.#native.flush(milliseconds)
  }

  /**
   * @param {number} [timeout]
   * @returns {Promise<boolean>}
   */
  async shutdown (timeout = SHUTDOWN_TIMEOUT_MS) {
    const milliseconds = timeoutMs(timeout)
    this.#close()
    return this.#native.shutdown(milliseconds)
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

  /** @returns {import('../index.d.ts').TrailState} */
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

  /** Sees to it that what is in the slab does not wait for more. */
  #wait () {
    if (this.#timer) {
      this.#timer.refresh()
      return
    }
    this.#timer = setTimeout(() => this.#handOver(), HANDOVER_MS)
    this.#timer.unref()
    this.#self = new WeakRef(this)
    enlist(this.#self)
  }

  #handOver () {
    const slab = this.#slab
    if (slab.length === 0) return
    const { length } = slab
    slab.clear()
    this.#isOff = !this.#native.trackFramed(slab.bytes, length)
  }

  #close () {
    this.#handOver()
    this.#isClosed = true
    clearTimeout(this.#timer)
    if (this.#self) live.delete(this.#self)
  }

  /** @param {number} deadline */
  #leave (deadline) {
    this.#close()
    this.#native.leave(Math.max(0, deadline - Date.now()))
  }
}

/** @param {WeakRef<Client>} client */
function enlist (client) {
  // Those that were forgotten without being shut down.
  for (const reference of live) if (!reference.deref()) live.delete(reference)
  if (!isWatching) process.once('exit', leaveAll)
  isWatching = true
  live.add(client)
}

/** At the end of the process: one deadline for all clients. Nothing else can run any more, so this may wait. */
function leaveAll () {
  const deadline = Date.now() + SHUTDOWN_TIMEOUT_MS
  for (const reference of live) {
    const client = reference.deref()
    if (client) leave(client, deadline)
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
