'use strict'

const { TelemetryStorageException } = require('scrubjay')

/**
 * R2's module layer: puts a trace into `telemetry_traces`, and says so where it cannot. Nothing else.
 */

class TelemetryStorage {
  #engine
  #store

  /**
   * @param {import('scrubjay').Engine} engine
   * @param {Pick<import('scrubjay').Store, 'ingest'>} store
   */
  constructor (engine, store) {
    this.#engine = engine
    this.#store = store
  }

  /**
   * @param {string} tenant
   * @param {object} trace a record of `telemetry_trace_v1`
   * @throws {TelemetryStorageException}
   */
  async insert (tenant, trace) {
    let verdict
    try {
      verdict = await this.#store.ingest(this.#engine, tenant, 'record', JSON.stringify(trace))
    } catch (error) {
      throw error instanceof TelemetryStorageException ? error : exception(/** @type {any} */ (error))
    }
    const [result] = verdict.results
    const [violation] = result?.violations ?? []
    if (result?.status !== 'accepted') throw exception({ message: 'not a trace', path: '', code: 'defect', ...violation })
  }
}

/**
 * What else can go wrong, as what the layer above knows.
 *
 * @param {{ message: string, code: string, path: string }} cause
 */
function exception (cause) {
  return new /** @type {any} */ (TelemetryStorageException)(cause)
}

exports.TelemetryStorage = TelemetryStorage
