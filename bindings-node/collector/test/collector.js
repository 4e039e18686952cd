'use strict'

/** Collectors for tests: the app alone for `inject`, and the real process on free ports. */

const { spawn } = require('node:child_process')
const { EventEmitter, once } = require('node:events')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { createInterface } = require('node:readline')
const { Engine, Store, codes, version } = require('scrubjay')
const { buildApp } = require('../src/app.js')
const { Metrics } = require('../src/metrics.js')

const COLLECTOR = join(__dirname, '..')
const EVENTS = '/api/v1/telemetry/events'
const BATCH = '/api/v1/telemetry/events/batch'
const AGGREGATE = '/api/v1/telemetry/metrics/aggregate'

function folder (t) {
  const path = mkdtempSync(join(tmpdir(), 'scrubjay-collector-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The app with a store of its own; `lines` collects what it logs. */
function build (t) {
  const lines = []
  const store = Store.open(folder(t))
  const metrics = new Metrics(codes())
  const stream = { write: (line) => lines.push(JSON.parse(line)) }
  const logger = { ...require('../src/logger.js').loggerOptions('info'), stream }
  const app = buildApp({ engine: new Engine(), store, metrics, version: version(), logger })
  t.after(async () => { await app.close(); store.close() })
  return { app, store, metrics, lines }
}

/** The process as `npm start` runs it, once it says that it listens. */
async function start (t, env = {}) {
  const child = spawn('node', ['src/server.js'], {
    cwd: COLLECTOR,
    env: { PATH: process.env.PATH, PORT: '0', PROMETHEUS_PORT: '0', DATA_DIR: folder(t), ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  const errors = child.stderr.toArray().then((chunks) => Buffer.concat(chunks).toString())
  const lines = []
  const log = new EventEmitter()
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text)
    lines.push(line)
    log.emit(line.msg, line)
  })
  const failed = exited.then(async ({ code }) => { throw new Error(`exit ${code}: ${await errors}`) })
  const [{ url, metrics_url: metricsUrl }] = await Promise.race([once(log, 'listening'), failed])
  failed.catch(() => {})
  return { child, exited, lines, log, url, metricsUrl }
}

function event (name, payload = {}) {
  return { channel: 'app', event: name, payload }
}

function post (app, url, payload, headers = {}) {
  const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)
  return app.inject({ method: 'POST', url, payload: body, headers: { 'content-type': 'application/json', ...headers } })
}

module.exports = { AGGREGATE, BATCH, COLLECTOR, EVENTS, build, event, folder, post, start }
