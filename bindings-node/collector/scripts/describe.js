#!/usr/bin/env node
'use strict'

/** `npm run openapi` writes `api/telemetry.yaml`; a test holds it to what is served. */

const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { Engine, Store, codes, version } = require('scrubjay')
const { buildApp } = require('../src/app.js')
const { readConfig } = require('../src/config/index.js')
const { Metrics } = require('../src/metrics.js')

const FILE = join(__dirname, '..', '..', '..', 'api', 'telemetry.yaml')

/**
 * The description of the API as YAML, from an app that never listens.
 *
 * @returns {Promise<string>}
 */
async function describe () {
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-openapi-'))
  const store = Store.open(folder)
  const { config } = readConfig({})
  const app = buildApp({ config, engine: new Engine(), store, metrics: new Metrics(codes()), version: version() })
  try {
    await app.ready()
    return app.swagger({ yaml: true })
  } finally {
    await app.close()
    store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (require.main === module) describe().then((text) => writeFileSync(FILE, text))

module.exports = { FILE, describe }
