'use strict'

const { LogController } = require('fastify')

/**
 * One JSON object a line, without personal data: whatever logs a request or an error logs these fields of it.
 *
 * @param {string} level
 * @returns {Exclude<import('fastify').FastifyServerOptions['logger'], boolean>}
 */
function loggerOptions (level) {
  return {
    level,
    base: { service: 'scrubjay-collector' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (/** @type {string} */ label) => ({ level: label }) },
    serializers: {
      req: (/** @type {any} */ request) => ({ method: request.method, route: request.routeOptions?.url }),
      res: (/** @type {any} */ reply) => ({ status: reply.statusCode }),
      err: (error) => ({ type: error.name, code: error.code, message: error.message, stack: error.stack ?? '' })
    }
  }
}

/** One line per request, when it is answered. Fastify's own have addresses and query strings in them. */
class RequestLog extends LogController {
  incomingRequest () {}

  routeNotFound () {}

  /**
   * @param {Error | null | undefined} error
   * @param {import('fastify').FastifyRequest} request
   * @param {import('fastify').FastifyReply} reply
   */
  requestCompleted (error, request, reply) {
    const { method, routeOptions: { url: route } } = request
    const line = { method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    if (error) request.log.warn(line, 'request aborted')
    else request.log.info(line, 'request')
  }
}

module.exports = { loggerOptions, RequestLog }
