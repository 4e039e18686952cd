'use strict'

const Fastify = require('fastify')
const { RequestLog } = require('./logger.js')
const closing = require('./plugins/closing.js')
const { answerError, errors } = require('./plugins/errors.js')
const { aggregateRoutes } = require('./routes/aggregate.js')
const { eventRoutes } = require('./routes/events.js')
const { healthRoutes } = require('./routes/health.js')

/** A client that needs longer for its headers or its body holds a connection for no good reason. */
const REQUEST_TIMEOUT_MS = 10_000
/** How often Node looks for such clients. */
const TIMEOUT_CHECK_MS = 1_000

/**
 * The collector without a process around it: no environment, no port, no signal.
 *
 * @param {object} dependencies
 * @param {import('scrubjay').Engine} dependencies.engine
 * @param {import('scrubjay').Store} dependencies.store
 * @param {import('./metrics.js').Metrics} dependencies.metrics
 * @param {string} dependencies.version
 * @param {import('fastify').FastifyServerOptions['logger']} [dependencies.logger]
 * @returns {import('fastify').FastifyInstance}
 */
function buildApp ({ engine, store, metrics, version, logger = false }) {
  const app = Fastify({
    logger,
    logController: new RequestLog(),
    frameworkErrors: answerError,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    // A misspelt parameter is an error, not a wider question.
    ajv: { customOptions: { removeAdditional: false } }
  })
  app.register(errors)
  app.register(closing)
  app.register(eventRoutes, { engine, store, metrics })
  app.register(aggregateRoutes, { store })
  app.register(healthRoutes, { store, version })
  return app
}

module.exports = { buildApp }
