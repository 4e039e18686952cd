'use strict'

const { join } = require('node:path')
const { Client } = require('scrubjay')
const { forwarded } = require('scrubjay/receive')

/**
 * Passes what was accepted on to an OTLP receiver: a client of the engine's own, with its queue, spool, retries and
 * breaker. Whoever sends to this collector never waits for that receiver.
 */

/** Bodies that are taken apart for forwarding at a time; beyond that their records are refused and counted. */
const MAX_UNDER_WAY = 64
/** Milliseconds for which a deletion waits for what is queued to leave, before all of it is erased. */
const DELETION_FLUSH_MS = 1_000

/** How many records of a body its verdict withholds, since their users opted out or were deleted. */
const WITHHELD = /^\{"accepted":\d+,"rejected":\d+,"dropped":\d+,"opted_out":(\d+),"refused":(\d+),/

class Forwarder {
  #client
  #metrics
  #underWay = 0

  /**
   * @param {import('../config/index.js').ForwardConfig} target
   * @param {import('scrubjay').Config['privacy']} privacy the collector's own: both must write the same pseudonyms
   * @param {string} dataDir
   * @param {import('../metrics.js').Metrics} metrics
   */
  constructor ({ endpoint, protocol, headers }, privacy, dataDir, metrics) {
    const folder = join(dataDir, 'forward')
    this.#metrics = metrics
    /** @type {any} */
    const config = {
      privacy,
      // Whoever sent the records decided on their share already.
      sampling: { rate: 1 },
      client: {
        enabled: true,
        endpoint,
        state_dir: join(folder, 'state'),
        spool: { dir: join(folder, 'spool') },
        export: { exporter: 'otlp', otlp_endpoint: endpoint, protocol, headers }
      }
    }
    this.#client = new Client(config)
  }

  /**
   * Takes on what a verdict accepted of a body. Never throws.
   *
   * @param {string} tenant
   * @param {string} format
   * @param {Buffer} body
   * @param {string} verdict
   */
  async take (tenant, format, body, verdict) {
    if (this.#underWay >= MAX_UNDER_WAY) return this.#count('refused', 1)
    this.#underWay++
    try {
      const [, optedOut, erased] = WITHHELD.exec(verdict) ?? []
      this.#count('withheld', Number(optedOut) + Number(erased))
      const records = await forwarded(format, body, verdict, tenant)
      const taken = records.filter((record) => this.#client.track(record)).length
      this.#count('queued', taken)
      this.#count('refused', records.length - taken)
    } catch {
      this.#count('refused', 1)
    } finally {
      this.#underWay--
    }
  }

  /**
   * Lets go of everything that waits, because a user in it was deleted: what can be sent is sent, so that the
   * receiver's own deletion finds it, and the rest is erased from memory and disk. A queue cannot be searched for a
   * person: others' records in it are lost, and counted.
   */
  async erase () {
    if (await this.#client.flush(DELETION_FLUSH_MS)) return
    const before = this.stats()
    await this.#client.optOut({ source: 'collector: a user was deleted' })
    await this.#client.optIn({ noticeVersion: 'collector', source: 'collector: forwarding goes on' })
    this.#count('erased', before.pending)
  }

  stats () {
    return this.#client.stats()
  }

  /** @param {number} timeoutMs */
  shutdown (timeoutMs) {
    return this.#client.shutdown(timeoutMs)
  }

  /**
   * @param {'queued' | 'refused' | 'withheld' | 'erased'} outcome
   * @param {number} count
   */
  #count (outcome, count) {
    if (count > 0) this.#metrics.forwarded.inc({ outcome }, count)
  }
}

exports.Forwarder = Forwarder
