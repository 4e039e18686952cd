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
const { readConfig } = require('../src/config/index.js')
const { loggerOptions } = require('../src/logger.js')
const { Metrics } = require('../src/metrics.js')
const { privacyOf } = require('../src/server.js')

const COLLECTOR = join(__dirname, '..')
const EVENTS = '/api/v1/telemetry/events'
const BATCH = '/api/v1/telemetry/events/batch'
const AGGREGATE = '/api/v1/telemetry/metrics/aggregate'

function folder (t) {
  const path = mkdtempSync(join(tmpdir(), 'scrubjay-collector-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Signs tokens in tests; long enough, and nobody's default. */
const SECRET = 'kX2v9QmZ7bLr4TgYw8NcHs5JfPd3RaUe'
/** Makes pseudonyms, so that users can be found again. */
const PSEUDONYM_KEY = 'a pseudonym key of a test'

/**
 * The app with a store of its own, configured by an environment; `lines` collects what it logs. `wrap` may put itself
 * between the app and its store, to inject a fault.
 */
function build (t, env = {}, { wrap = (store) => store, ...dependencies } = {}) {
  const lines = []
  const { config } = readConfig({ TELEMETRY_PSEUDONYM_KEY: PSEUDONYM_KEY, ...env })
  const data = folder(t)
  const store = Store.open(data)
  const metrics = new Metrics(codes())
  const stream = { write: (line) => lines.push(JSON.parse(line)) }
  const logger = { ...loggerOptions('info'), stream }
  const engine = new Engine({ privacy: privacyOf(config) })
  const app = buildApp({ config, engine, store: wrap(store), metrics, version: version(), logger, ...dependencies })
  t.after(async () => { await app.close(); store.close() })
  return { app, config, data, engine, store, metrics, lines }
}

/** A token as an identity provider would issue it; `claims` and `header` may spoil it. */
async function token (claims = {}, { alg = 'HS256', key = new TextEncoder().encode(SECRET), header = {} } = {}) {
  const { SignJWT } = await import('jose')
  const now = Math.floor(Date.now() / 1000)
  const whole = { sub: 'tester', tenant_id: 'acme', roles: ['admin'], iat: now, exp: now + 300, ...claims }
  for (const name of Object.keys(whole)) if (whole[name] === undefined) delete whole[name]
  return new SignJWT(whole).setProtectedHeader({ alg, typ: 'JWT', ...header }).sign(key)
}

/** Headers of a caller with these roles. */
async function bearer (roles = ['admin'], tenant = 'acme') {
  return { authorization: `Bearer ${await token({ roles, tenant_id: tenant })}` }
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

module.exports = {
  AGGREGATE, BATCH, COLLECTOR, EVENTS, PSEUDONYM_KEY, SECRET, bearer, build, event, folder, post, start, token
}
