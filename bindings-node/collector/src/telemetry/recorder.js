'use strict'

const { TelemetryStorageException } = require('scrubjay')

/** Traces on their way at a time. Beyond that they are lost and counted: tracing must not become the load. */
const MAX_UNDER_WAY = 100

/**
 * R2's domain layer: best effort. A trace that cannot be stored is counted, and whoever recorded it never hears of it.
 */
class TelemetryRecorder {
  #storage
  #onFailure
  #underWay = 0

  /**
   * @param {Pick<import('./storage.js').TelemetryStorage, 'insert'>} storage
   * @param {() => void} onFailure counts
   */
  constructor (storage, onFailure) {
    this.#storage = storage
    this.#onFailure = onFailure
  }

  /**
   * Never throws, never waits.
   *
   * @param {string} tenant
   * @param {object} trace
   */
  record (tenant, trace) {
    if (this.#underWay >= MAX_UNDER_WAY) return this.#onFailure()
    this.#underWay++
    this.#insert(tenant, trace).finally(() => { this.#underWay-- })
  }

  /**
   * @param {string} tenant
   * @param {object} trace
   */
  async #insert (tenant, trace) {
    try {
      await this.#storage.insert(tenant, { schema: 'telemetry_trace_v1', severity: 'info', ...trace })
    } catch (error) {
      if (!(error instanceof TelemetryStorageException)) throw error
      this.#onFailure()
    }
  }
}

exports.TelemetryRecorder = TelemetryRecorder
