'use strict'

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

module.exports = { loggerOptions }
