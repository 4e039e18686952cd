'use strict'

/** R2's three layers: storage says so, the recorder swallows and counts, the HTTP layer only enriches. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { HttpTelemetry } = require('../src/telemetry/http.js')
const { TelemetryRecorder } = require('../src/telemetry/recorder.js')
const { TelemetryStorageException } = require('scrubjay')
const { TelemetryStorage } = require('../src/telemetry/storage.js')
const { AGGREGATE, SECRET, bearer, build } = require('./collector.js')

const TRACE = { schema: 'telemetry_trace_v1', event_key: 'auth.login', severity: 'info' }

test('storage puts a trace into the store', async (t) => {
  const { engine, store } = build(t)
  await new TelemetryStorage(engine, store).insert('acme', TRACE)
  await store.settle()
  const { records } = await store.query('acme', { schema: 'telemetry_trace_v1' })
  assert.equal(records[0].event_key, 'auth.login')
})

test('storage throws TelemetryStorageException where the store fails, and where it refuses the trace', async (t) => {
  const { engine, store } = build(t)
  const storage = new TelemetryStorage(engine, store)
  await assert.rejects(storage.insert('acme', { ...TRACE, event_key: 'no key!' }), TelemetryStorageException)
  store.close()
  await assert.rejects(storage.insert('acme', TRACE), (error) => {
    assert.ok(error instanceof TelemetryStorageException)
    assert.equal(error.code, 'closed')
    return true
  })
})

test('the recorder swallows what storage throws and counts it', async () => {
  let failures = 0
  const inserted = []
  const outcomes = [async () => { throw new TelemetryStorageException({ message: 'full', code: 'store_unavailable', path: '' }) }, async (...args) => { inserted.push(args) }]
  const recorder = new TelemetryRecorder({ insert: (...args) => outcomes.shift()(...args) }, () => { failures++ })
  recorder.record('acme', TRACE)
  recorder.record('acme', { event_key: 'a.b' })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(failures, 1)
  assert.deepEqual(inserted, [['acme', { schema: 'telemetry_trace_v1', severity: 'info', event_key: 'a.b' }]])
})

test('a recorder whose storage hangs loses traces and counts them, and never waits', () => {
  let failures = 0
  const recorder = new TelemetryRecorder({ insert: () => new Promise(() => {}) }, () => { failures++ })
  for (let i = 0; i < 150; i++) recorder.record('acme', TRACE)
  assert.equal(failures, 50)
})

test('the HTTP layer adds the context and nothing else', () => {
  const recorded = []
  const http = new HttpTelemetry({ record: (...args) => recorded.push(args) })
  const identity = { tenant: 'acme', subject: 'ann', roles: [] }
  http.record({ requestId: 'r', routeName: '/a', identity }, { event_key: 'a.b' })
  http.record({ requestId: 'r', routeName: '/a', identity: undefined }, { event_key: 'a.b' })
  const expected = { event_key: 'a.b', actor_type: 'client', actor_id: 'ann', request_id: 'r', route_name: '/a' }
  assert.deepEqual(recorded, [['acme', expected]])
})

test('a refusal is traced with its route and request, and a store that fails does not change the answer', async (t) => {
  const { app, store, metrics } = build(t, { JWT_SECRET: SECRET })
  const headers = { ...await bearer(['ingest']), 'x-request-id': 'req-7' }
  const ask = async () => (await app.inject({ url: AGGREGATE, headers })).statusCode
  assert.equal(await ask(), 403)
  const traces = async () => (await store.query('acme', { schema: 'telemetry_trace_v1' })).records
  const deadline = Date.now() + 5_000
  while ((await traces()).length === 0 && Date.now() < deadline) await store.settle()
  const [trace] = await traces()
  assert.deepEqual([trace.event_key, trace.severity, trace.request_id, trace.route_name],
    ['collector.access.denied', 'warning', 'req-7', AGGREGATE])
  store.close()
  assert.equal(await ask(), 403)
  while (!/^telemetry_trace_failures_total 1$/m.test(await metrics.text()) && Date.now() < deadline) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.match(await metrics.text(), /^telemetry_trace_failures_total 1$/m)
})
