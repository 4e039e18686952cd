'use strict'

/** One HTTP request that a host serves, whatever its framework: the context of its records, and its span. */

const { run, extended } = require('./context.js')

/** From here on the server failed, and so did the span. */
const SERVER_ERROR = 500

class Served {
  #scope
  /** @type {import('../index.d.ts').Span | undefined} */
  #span
  #method

  /**
   * @param {import('../index.d.ts').Client} client
   * @param {import('node:http').IncomingMessage} request
   * @param {import('../index.d.ts').RequestContext} context
   * @param {import('../shapes/http.js').HttpTelemetryOptions} options
   */
  constructor (client, request, context, { isSpanned = true }) {
    this.#method = request.method ?? ''
    const { traceparent } = request.headers
    const caller = typeof traceparent === 'string' ? traceparent : undefined
    // Without a query: it is where people put what is nobody's business.
    const path = (/** @type {any} */ (request).originalUrl ?? request.url)?.split('?', 1)[0]
    const attributes = { 'http.request.method': this.#method, 'url.path': path }
    const known = { user_agent: request.headers['user-agent'], traceparent: caller }
    // Getters stay: a framework knows some things later.
    this.#scope = extended(Object.defineProperties(known, Object.getOwnPropertyDescriptors(context)))
    if (isSpanned) this.#span = run(this.#scope, () => client.startSpan(this.#method, { kind: 'server', attributes }))
  }

  /**
   * @template T
   * @param {() => T} fn
   * @returns {T}
   */
  run (fn) {
    return this.#span === undefined ? run(this.#scope, fn) : this.#span.run(fn)
  }

  /** @param {unknown} error */
  fail (error) {
    this.#span?.recordException(error)
  }

  /**
   * @param {number} status
   * @param {string | undefined} route
   * @param {boolean} isWhole whether the response was sent to its end
   */
  end (status, route, isWhole) {
    const span = this.#span
    if (span === undefined) return
    if (route !== undefined) span.updateName(`${this.#method} ${route}`)
    span.setAttributes({ 'http.route': route, 'http.response.status_code': isWhole ? status : undefined })
    if (!isWhole) span.setAttribute('error.type', 'aborted').setStatus('error')
    else if (status >= SERVER_ERROR) span.setAttribute('error.type', String(status)).setStatus('error')
    span.end()
  }
}

/**
 * What telemetry does wrong is no reason for a request to fail.
 *
 * @template T
 * @param {() => T} fn
 * @returns {T | undefined}
 */
function harmless (fn) {
  try {
    return fn()
  } catch {
    return undefined
  }
}

module.exports = { Served, harmless }
