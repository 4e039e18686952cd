#!/usr/bin/env node
'use strict'

/** The process around the app: environment, ports, signals, exit code. */

const { once } = require('node:events')
const closeWithGrace = require('close-with-grace')
const { Engine, Store, codes, version } = require('scrubjay')
const { buildApp } = require('./app.js')
const { readConfig } = require('./config.js')
const { loggerOptions } = require('./logger.js')
const { Metrics } = require('./metrics.js')

/** Requests under way get this long to finish; orchestrators kill after 30 s. */
const GRACE_MS = 10_000

/** @param {import('node:http').Server} server */
function urlOf (server) {
  const { address, family, port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function start () {
  const { config, warnings } = readConfig(process.env)
  const engine = new Engine({ privacy: { mode: config.privacyMode } })
  const store = Store.open(config.dataDir)
  const metrics = new Metrics(codes())
  const logger = loggerOptions(config.logLevel)
  const app = buildApp({ engine, store, metrics, version: version(), logger })
  const metricsServer = metrics.server()

  closeWithGrace({ delay: GRACE_MS, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal({ code: /** @type {any} */ (err).code, stack: err.stack }, 'unexpected error')
    app.log.info({ signal }, 'closing')
    await app.close()
    metricsServer.close()
    metricsServer.closeIdleConnections()
    // Last: requests under way had to be answered from it.
    store.close()
    app.log.info('closed')
  })

  for (const warning of warnings) app.log.warn(warning)
  await app.listen({ host: config.host, port: config.port })
  metricsServer.listen(config.prometheusPort, config.host)
  await once(metricsServer, 'listening')
  app.log.info({ url: urlOf(app.server), metrics_url: `${urlOf(metricsServer)}/metrics` }, 'listening')
}

start().catch((error) => {
  const faults = error.faults ?? [error.message]
  console.error(`scrubjay-collector cannot start:\n${faults.map((/** @type {string} */ f) => `  - ${f}`).join('\n')}`)
  process.exit(1)
})
