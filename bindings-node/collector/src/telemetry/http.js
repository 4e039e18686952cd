'use strict'

/**
 * R2's HTTP layer: adds what the request's context knows, and hands on. It neither stores nor decides.
 */
class HttpTelemetry {
  #recorder

  /** @param {Pick<import('./recorder.js').TelemetryRecorder, 'record'>} recorder */
  constructor (recorder) {
    this.#recorder = recorder
  }

  /**
   * @param {import('../plugins/context.js').RequestContext} context
   * @param {{ event_key: string, severity?: 'debug' | 'info' | 'warning' | 'error', metadata?: object }} trace
   */
  record ({ requestId, routeName, identity }, trace) {
    if (identity === undefined) return
    this.#recorder.record(identity.tenant, {
      ...trace,
      actor_type: 'client',
      actor_id: identity.subject,
      request_id: requestId,
      route_name: routeName
    })
  }
}

exports.HttpTelemetry = HttpTelemetry
