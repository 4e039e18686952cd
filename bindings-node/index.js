'use strict'

const { jsonText, string } = require('./lib/arguments.js')
const { Client } = require('./lib/client.js')
const { currentSpan, currentTraceparent, readTraceparent, withContext } = require('./lib/context.js')
const { Engine } = require('./lib/engine.js')
const { installShutdownHooks } = require('./lib/live.js')
const { native } = require('./lib/native.js')
const { Store, TelemetryStorageException } = require('./lib/store.js')

/**
 * What `index.d.ts` promises; the compiler compares. Constructors of a store and of its exception differ: they are not for callers.
 *
 * @typedef {typeof import('./index.d.ts')} Promised
 * @type {Omit<Promised, 'Store' | 'TelemetryStorageException'>
 *   & { Store: Pick<Promised['Store'], 'open' | 'convert'>, TelemetryStorageException: Function }}
 */
const scrubjay = {
  Engine,
  Client,
  Store,
  TelemetryStorageException,
  withContext,
  currentSpan,
  currentTraceparent,
  readTraceparent,
  installShutdownHooks,
  version: () => native.version(),
  codes: () => JSON.parse(native.codes()),
  schemas: () => JSON.parse(native.schemas()),
  reportPage: (report) => native.reportPage(jsonText(report)),
  metricsCatalog: () => JSON.parse(native.metricsCatalog()),
  planCheck: (plan) => JSON.parse(native.planCheck(jsonText(plan))),
  planDiff: (old, next) => JSON.parse(native.planDiff(jsonText(old), jsonText(next))),
  profile: (name, client) => {
    const config = JSON.parse(native.profile(string('name', name)))
    Object.assign(config.client, client)
    return config
  },
  doctor: async (config) => JSON.parse(await native.doctor(jsonText(config))),
  sealKeypair: () => JSON.parse(native.sealKeypair()),
  unseal: (secretKey, text) => JSON.parse(native.unseal(string('secretKey', secretKey), string('text', text))),
  panicForTest: () => /** @type {never} */ (native.panicForTest())
}

module.exports = scrubjay
