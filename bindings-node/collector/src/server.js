#!/usr/bin/env node
'use strict'

/** The process around the app: environment, ports, signals, exit code. */

// Before anything uses libuv's pool, whose size is read once. Bodies have threads of their own; questions wait there, for
// the disk and, with `consistency=now`, for the indexer: with Node's four places, four slow ones would hold up all others.
process.env.UV_THREADPOOL_SIZE ??= '16'

const { once } = require('node:events')
const { join } = require('node:path')
const closeWithGrace = require('close-with-grace')
const { Engine, Store, codes, version } = require('scrubjay')
const { buildApp } = require('./app.js')
const { readConfig } = require('./config/index.js')
const { Forwarder } = require('./forward/forwarder.js')
const { Notices } = require('./forward/notices.js')
const { relaxHeap } = require('./heap.js')
const { loggerOptions } = require('./logger.js')
const { Metrics } = require('./metrics.js')

/** Requests under way get this long to finish; orchestrators kill after 30 s. */
const GRACE_MS = 10_000
/** Of that, what a forwarding client gets: what it has left waits in its spool. */
const FORWARD_GRACE_MS = 2_000
/** Retention is counted in days: an hour late is soon enough, and each look costs little. */
const RETENTION_CHECK_MS = 3_600_000

/** @param {import('node:http').Server} server */
function urlOf (server) {
  const { address, family, port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/**
 * What records are scrubbed with.
 *
 * @param {import('./config/index.js').CollectorConfig} config
 * @returns {import('scrubjay').Config['privacy']}
 */
function privacyOf ({ privacyMode, piiFields, pseudonymKey }) {
  return {
    mode: privacyMode,
    ...(piiFields === undefined ? {} : { pii_fields: piiFields }),
    ...(pseudonymKey === undefined ? {} : { pseudonym_key: pseudonymKey })
  }
}

/**
 * @param {import('./config/index.js').CollectorConfig} config
 * @param {boolean} isIngesting whether this process takes records in; one process at a time may
 */
function openStore ({ dataDir, retentionDays: days, encryptionKey }, isIngesting) {
  return Store.open(dataDir, {
    ingest_log: isIngesting,
    retention_days: { events: days, metrics: days, traces: days, logs: days },
    ...(encryptionKey === undefined ? {} : { encryption_key: encryptionKey })
  })
}

/**
 * Applies retention now and every hour.
 *
 * @param {import('scrubjay').Store} store
 * @param {import('fastify').FastifyBaseLogger} log
 */
function retainRegularly (store, log) {
  const retain = () => store.retain().then(
    (/** @type {any} */ result) => log.info({ result }, 'retention applied'),
    (/** @type {{ code?: string }} */ { code }) => log.error({ code }, 'retention could not be applied')
  )
  retain()
  return setInterval(retain, RETENTION_CHECK_MS).unref()
}

async function start () {
  relaxHeap()
  const { config, warnings } = readConfig(process.env)
  const privacy = privacyOf(config)
  const engine = new Engine({ privacy })
  const store = openStore(config, true)
  const metrics = new Metrics(codes())
  const logger = loggerOptions(config.logLevel)
  const { forward, deletion, dataDir } = config
  const forwarder = forward === undefined ? undefined : new Forwarder(forward, privacy, dataDir, metrics)
  /** @type {import('./forward/notices.js').Log} */
  const log = { warn: (fields, text) => app.log.warn(fields, text) }
  const notices = deletion === undefined ? undefined : new Notices(join(dataDir, 'notices'), deletion, metrics, log)
  const app = buildApp({ config, engine, store, metrics, version: version(), forwarder, notices, logger })
  const metricsServer = metrics.server()
  /** @type {NodeJS.Timeout | undefined} */
  let retention

  closeWithGrace({ delay: GRACE_MS, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal({ code: /** @type {any} */ (err).code, stack: err.stack }, 'unexpected error')
    app.log.info({ signal }, 'closing')
    await app.close()
    metricsServer.close()
    metricsServer.closeIdleConnections()
    clearInterval(retention)
    notices?.close()
    await forwarder?.shutdown(FORWARD_GRACE_MS)
    // Last: requests under way had to be answered from it.
    store.close()
    app.log.info('closed')
  })

  for (const warning of warnings) app.log.warn(warning)
  await notices?.start()
  retention = retainRegularly(store, app.log)
  await app.listen({ host: config.host, port: config.port })
  metricsServer.listen(config.prometheusPort, config.prometheusHost)
  await once(metricsServer, 'listening')
  app.log.info({ url: urlOf(app.server), metrics_url: `${urlOf(metricsServer)}/metrics` }, 'listening')
}

/** Starts, or says why not and ends. */
function serve () {
  return start().catch((error) => {
    const faults = error.faults ?? [error.message]
    console.error(`scrubjay-collector cannot start:\n${faults.map((/** @type {string} */ f) => `  - ${f}`).join('\n')}`)
    process.exit(1)
  })
}

if (require.main === module) serve()

module.exports = { openStore, privacyOf, serve }
