'use strict'

const cookie = require('@fastify/cookie')
const Fastify = require('fastify')
const { Audit } = require('./audit.js')
const { isLoopback } = require('./config/reader.js')
const { Counts } = require('./counts.js')
const { Figures } = require('./figures.js')
const { Deletion } = require('./forward/deletion.js')
const { Sessions } = require('./identity/sessions.js')
const { Verifier } = require('./identity/verifier.js')
const { Ingestion } = require('./ingestion.js')
const { RequestLog } = require('./logger.js')
const closing = require('./plugins/closing.js')
const { context, requestId } = require('./plugins/context.js')
const { answerError, errors } = require('./plugins/errors.js')
const headers = require('./plugins/headers.js')
const { identity } = require('./plugins/identity.js')
const limits = require('./plugins/limits.js')
const { requests } = require('./plugins/metrics.js')
const openapi = require('./plugins/openapi.js')
const { Archive } = require('./reports/archive.js')
const { Jobs } = require('./reports/jobs.js')
const { Maker } = require('./reports/maker.js')
const { Printer } = require('./reports/printer.js')
const { Schedule } = require('./reports/schedule.js')
const { dashboardRoutes } = require('./routes/dashboard.js')
const { eventRoutes } = require('./routes/events.js')
const { healthRoutes } = require('./routes/health.js')
const { keyRoutes } = require('./routes/keys.js')
const { otlpRoutes } = require('./routes/otlp.js')
const { pageRoutes } = require('./routes/pages.js')
const { privacyRoutes } = require('./routes/privacy.js')
const { queryRoutes } = require('./routes/query.js')
const { reportRoutes } = require('./routes/reports.js')
const { sampleRoutes } = require('./routes/samples.js')
const { sessionRoutes } = require('./routes/session.js')
const { HttpTelemetry } = require('./telemetry/http.js')
const { TelemetryRecorder } = require('./telemetry/recorder.js')
const { TelemetryStorage } = require('./telemetry/storage.js')

/** A client that needs longer for its headers or its body holds a connection for no good reason. */
const REQUEST_TIMEOUT_MS = 10_000
/** How often Node looks for such clients. */
const TIMEOUT_CHECK_MS = 1_000
/** Characters of a path's parameter: a user id of 255 code points, percent-encoded, is longer than Fastify's 100. */
const MAX_PARAMETER_CHARS = 1_024

/**
 * The collector without a process around it: no environment, no port, no signal.
 *
 * @param {object} dependencies
 * @param {import('./config/index.js').CollectorConfig} dependencies.config
 * @param {import('scrubjay').Engine} dependencies.engine
 * @param {import('scrubjay').Store} dependencies.store
 * @param {import('./metrics.js').Metrics} dependencies.metrics
 * @param {string} dependencies.version
 * @param {import('./forward/forwarder.js').Forwarder} [dependencies.forwarder]
 * @param {import('./forward/notices.js').Notices} [dependencies.notices]
 * @param {number} [dependencies.requestTimeoutMs] the longest that headers and body of a request may take
 * @param {import('fastify').FastifyServerOptions['logger']} [dependencies.logger]
 * @returns {import('fastify').FastifyInstance}
 */
function buildApp ({
  config, engine, store, metrics, version, forwarder, notices, requestTimeoutMs = REQUEST_TIMEOUT_MS, logger = false
}) {
  const app = Fastify({
    logger,
    logController: new RequestLog(),
    frameworkErrors: answerError,
    genReqId: requestId,
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARS },
    // HEAD would be a second way to each route, with no use here.
    exposeHeadRoutes: false,
    // A misspelt parameter is an error, not a wider question; a number in a body is no text.
    ajv: { customOptions: { removeAdditional: false } }
  })
  // A form of another origin can send text without being asked; here bodies are JSON, or what a route says.
  app.removeContentTypeParser('text/plain')
  // Schemas of answers are for the documentation: what is sent is what the store said.
  app.setSerializerCompiler(() => JSON.stringify)

  const counts = new Counts()
  const audit = new Audit(store)
  const figures = new Figures(store)
  const verifier = new Verifier(config.identity, store)
  const sessions = new Sessions()
  const recorder = new TelemetryRecorder(new TelemetryStorage(engine, store), () => metrics.traceFailures.inc())
  const { optOutEnforce } = config
  const ingestion = new Ingestion({ engine, store, metrics, counts, forwarder, optOutEnforce })
  const deletion = new Deletion({ engine, store, forwarder, notices })
  const maker = new Maker({ engine, store, counts, printer: new Printer(config.reports.chromium) })
  const archive = new Archive(config.reports.folder)
  const schedule = new Schedule({ config: config.reports, maker, archive, store, metrics, log: app.log })
  app.addHook('onListen', async () => { schedule.start() })
  app.addHook('onClose', () => schedule.close())
  const { pending } = config.limits
  metrics.watch('telemetry_pending_bodies', 'Bodies that wait for the disk.', () => ingestion.counter.pending)
  if (forwarder !== undefined) {
    const waiting = () => forwarder.stats().pending
    metrics.watch('telemetry_forward_pending', 'Records that wait for the OTLP receiver.', waiting)
  }

  app.register(errors)
  app.register(closing)
  app.register(context)
  app.register(headers)
  app.register(requests, { metrics })
  app.register(cookie)
  app.register(identity, { verifier, sessions, metrics, tracing: new HttpTelemetry(recorder) })
  app.register(limits, { limits: config.limits, metrics })
  app.register(openapi, { version })
  app.register(healthRoutes, { store, version })
  for (const routes of [eventRoutes, sampleRoutes, otlpRoutes]) app.register(routes, { ingestion, metrics, pending })
  app.register(queryRoutes, { engine, store, counts, audit, figures })
  app.register(privacyRoutes, { engine, store, audit, deletion })
  app.register(keyRoutes, { store, audit, verifier })
  if (config.hasDashboard) {
    app.register(pageRoutes)
    // Where nobody else reaches the address, cookies go over plain HTTP too; anywhere else the dashboard needs TLS.
    app.register(sessionRoutes, { verifier, sessions, isSecure: !isLoopback(config.host) })
    app.register(dashboardRoutes, { store, config })
    app.register(reportRoutes, { maker, jobs: new Jobs(maker), archive, audit })
  }
  return app
}

module.exports = { buildApp }
