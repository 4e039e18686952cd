'use strict'

const { mkdir, open, readFile, readdir, rename, unlink } = require('node:fs/promises')
const { join } = require('node:path')

/**
 * Tells another receiver of deletions until it says that it has heard. Each waits in a file of its own, so that none is
 * lost when the process ends.
 *
 * @typedef {object} Notice
 * @property {string} request_id also the idempotency key
 * @property {string} tenant_id
 * @property {string} user_id as it stands in the records: a pseudonym
 * @property {string} requested_at
 *
 * @typedef {{ warn: (fields: object, text: string) => void }} Log
 */

const FIRST_RETRY_MS = 1_000
/** Deletions are to be passed on without undue delay; a receiver that is down for a day is asked 300 times. */
const MAX_RETRY_MS = 300_000
const TIMEOUT_MS = 10_000
/** The form of a file's name: a request id alone makes none that leaves the folder. */
const NAME = /^[A-Za-z0-9-]{1,64}$/

class Notices {
  #folder
  #url
  #token
  #metrics
  #log
  /** @type {Map<string, NodeJS.Timeout | undefined>} */
  #waiting = new Map()
  #closing = new AbortController()

  /**
   * @param {string} folder
   * @param {import('../config/index.js').DeletionConfig} target
   * @param {import('../metrics.js').Metrics} metrics
   * @param {Log} log
   */
  constructor (folder, { url, token }, metrics, log) {
    this.#folder = folder
    this.#url = url
    this.#token = token
    this.#metrics = metrics
    this.#log = log
  }

  /** Takes up what an earlier process left. */
  async start () {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const file of await readdir(this.#folder)) {
      const name = file.slice(0, -'.json'.length)
      if (file.endsWith('.json') && NAME.test(name)) this.#schedule(name, 0, FIRST_RETRY_MS)
    }
  }

  /**
   * Keeps a notice, and begins to pass it on.
   *
   * @param {Notice} notice
   */
  async add (notice) {
    const name = notice.request_id
    if (!NAME.test(name)) throw new Error('a request id that is no file name')
    const path = this.#path(name)
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(notice))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    this.#schedule(name, 0, FIRST_RETRY_MS)
  }

  /** Ends; what waits goes on with the next process. */
  close () {
    this.#closing.abort()
    for (const timer of this.#waiting.values()) clearTimeout(timer)
  }

  /** @param {string} name */
  #path (name) {
    return join(this.#folder, `${name}.json`)
  }

  /**
   * @param {string} name
   * @param {number} delayMs
   * @param {number} ceilingMs of the random wait if this try fails
   */
  #schedule (name, delayMs, ceilingMs) {
    if (this.#closing.signal.aborted) return
    const timer = setTimeout(() => { this.#pass(name, ceilingMs) }, delayMs)
    timer.unref()
    this.#waiting.set(name, timer)
    this.#metrics.notices.set(this.#waiting.size)
  }

  /**
   * @param {string} name
   * @param {number} ceilingMs
   */
  async #pass (name, ceilingMs) {
    try {
      const body = await readFile(this.#path(name))
      await this.#send(name, body)
      await unlink(this.#path(name))
      this.#waiting.delete(name)
      this.#metrics.notices.set(this.#waiting.size)
    } catch (error) {
      if (this.#closing.signal.aborted) return
      const { code, status } = /** @type {{ code?: string, status?: number }} */ (error)
      this.#log.warn({ request_id: name, code, status }, 'a deletion was not passed on yet')
      // Full jitter: receivers that come back are not met by everybody at once.
      this.#schedule(name, Math.random() * ceilingMs, Math.min(2 * ceilingMs, MAX_RETRY_MS))
    }
  }

  /**
   * @param {string} name
   * @param {Buffer} body
   */
  async #send (name, body) {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': name,
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` })
      },
      body: new Uint8Array(body),
      redirect: 'error',
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(TIMEOUT_MS)])
    })
    await response.body?.cancel()
    if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status })
  }
}

exports.Notices = Notices
