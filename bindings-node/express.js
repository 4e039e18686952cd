'use strict'

/** Express: each request has its context, and is a span. See `express.d.ts`. */

const { Served, harmless } = require('./lib/served.js')

/**
 * @param {import('./express.js').ExpressTelemetryOptions} options
 * @returns {import('express').RequestHandler}
 */
function expressTelemetry ({ client, enrich, ...options }) {
  return (request, response, next) => {
    const served = harmless(() => {
      const context = {
        request_id: text(request.headers['x-request-id']),
        // Known when a handler runs.
        get route_name () { return routeOf(request) },
        ip_address: request.ip,
        ...enrich?.(request)
      }
      return new Served(client, request, context, { client, ...options })
    })
    if (served === undefined) return next()
    response.once('close', () => harmless(() => {
      served.end(response.statusCode, routeOf(request), response.writableFinished)
    }))
    served.run(next)
  }
}

/** @param {import('express').Request} request */
function routeOf ({ baseUrl, route }) {
  return route === undefined ? undefined : `${baseUrl}${route.path}`
}

/** @param {string | string[] | undefined} header */
function text (header) {
  return typeof header === 'string' ? header : undefined
}

module.exports = { expressTelemetry }
