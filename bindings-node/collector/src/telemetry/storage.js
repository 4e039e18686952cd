'use strict'

/**
 * R2's module layer: puts a trace into `telemetry_traces`, and says so where it cannot. Nothing else.
 */

/** The store did not take a trace. For the recorder alone: nobody above it hears of this. */
class TelemetryStorageException extends Error {
  /**
   * @param {string} code why, as one of the engine's codes
   * @param {unknown} [cause]
   */
  constructor (code, cause) {
    super(`the trace was not stored: ${code}`, { cause })
    this.name = 'TelemetryStorageException'
    this.code = code
  }
}

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
      throw new TelemetryStorageException(/** @type {{ code?: string }} */ (error).code ?? 'internal', error)
    }
    const [result] = verdict.results
    if (result?.status !== 'accepted') throw new TelemetryStorageException(result?.violations[0]?.code ?? 'defect')
  }
}

module.exports = { TelemetryStorage, TelemetryStorageException }
