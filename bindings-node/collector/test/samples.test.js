'use strict'

/** R4's two routes, with its twelve cases and group C's opt-out. */

const assert = require('node:assert/strict')
const { readFileSync, readdirSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { codes } = require('scrubjay')
const { Forwarder } = require('../src/forward/forwarder.js')
const { Metrics } = require('../src/metrics.js')
const { build, folder, post } = require('./collector.js')

for (const name of ['DO_NOT_TRACK', 'OTEL_SDK_DISABLED', 'TELEMETRY_ENABLED']) delete process.env[name]

const SAMPLE = {
  fps: 60, frameTimeMs: 16.67, eventReplayRate: 1000, samplingIntervalMs: 100, platform: 'macos', flagsActive: [], telemetryOptIn: true
}
const REPORT = { documentId: 'd', snapshotSequence: 1, eventIds: ['e'], stateHashBefore: 'a', stateHashAfter: 'b', platform: 'ios' }
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

for (const prefix of ['/v1/telemetry', '/api/v1/telemetry']) {
  const perf = `${prefix}/perf-sample`

  test(`a valid sample is 202 with its correlation id and is stored (${prefix})`, async (t) => {
    const { app, store } = build(t)
    const response = await post(app, perf, SAMPLE)
    assert.equal(response.statusCode, 202, response.body)
    assert.match(response.json().correlationId, UUID)
    assert.equal(response.headers['x-correlation-id'], response.json().correlationId)
    await store.settle()
    const { records } = await store.query('default', { schema: 'perf_sample_v1' })
    assert.deepEqual([records.length, records[0].fps], [1, 60])
  })

  test(`a replay inconsistency is 202 and is stored (${prefix})`, async (t) => {
    const { app, store } = build(t)
    assert.equal((await post(app, `${prefix}/replay-inconsistency`, REPORT)).statusCode, 202)
    await store.settle()
    assert.equal((await store.query('default', { schema: 'replay_inconsistency_v1' })).records.length, 1)
  })
}

test("a caller's correlation id is taken where it is one", async (t) => {
  const { app } = build(t)
  const ask = async (id) => (await post(app, '/v1/telemetry/perf-sample', SAMPLE, { 'x-correlation-id': id })).json().correlationId
  assert.equal(await ask('req-1.a_B'), 'req-1.a_B')
  for (const id of ['a b', 'a"b', 'x'.repeat(65), '<script>']) assert.match(await ask(id), UUID)
})

test('a sample that breaks its schema is 400 and says where', async (t) => {
  const { app, store } = build(t)
  const without = (name) => { const { [name]: _, ...rest } = SAMPLE; return rest }
  for (const [body, path, code] of [
    [without('telemetryOptIn'), '/opt_in', 'required'],
    [{ ...SAMPLE, fps: 'fast' }, '/fps', 'type'],
    [{ ...SAMPLE, fps: -1 }, '/fps', 'range'],
    [{ ...SAMPLE, frameTimeMs: -0.1 }, '/frame_time_ms', 'range'],
    [{ ...SAMPLE, platform: 'amiga' }, '/platform', 'format'],
    [without('fps'), '/fps', 'required']
  ]) {
    const response = await post(app, '/v1/telemetry/perf-sample', body)
    assert.equal(response.statusCode, 400, JSON.stringify(body))
    const { violations: [violation], correlationId } = response.json()
    assert.deepEqual([violation.path, violation.code], [path, code])
    assert.match(correlationId, UUID)
  }
  assert.equal((await post(app, '/v1/telemetry/perf-sample', '{')).statusCode, 400)
  assert.equal((await post(app, '/v1/telemetry/perf-sample', '{}')).statusCode, 400)
  assert.equal((await post(app, '/v1/telemetry/perf-sample', ' []')).statusCode, 400)
  assert.equal((await store.stats()).records, 0)
})

test('a sample without its optional fields is accepted', async (t) => {
  const { app } = build(t)
  const { flagsActive, ...rest } = SAMPLE
  assert.equal((await post(app, '/v1/telemetry/perf-sample', rest)).statusCode, 202)
})

/** Every byte that a store has on disk. */
function bytesOf (folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'latin1'))
    .join('')
}

test('C9: a sample of who opted out gets the same 202, and is nowhere stored, logged or forwarded', async (t) => {
  const target = { endpoint: 'http://127.0.0.1:9', protocol: 'http/json', headers: {} }
  const spool = folder(t)
  const forwarder = new Forwarder(target, { mode: 'balanced' }, spool, new Metrics(codes()))
  t.after(() => forwarder.shutdown(0))
  const { app, data, store, metrics, lines } = build(t, {}, { forwarder })
  const body = { ...SAMPLE, telemetryOptIn: false, metadata: { note: 'canary-7f3a' } }
  const refused = await post(app, '/v1/telemetry/perf-sample', body)
  const taken = await post(app, '/v1/telemetry/perf-sample', SAMPLE)
  assert.equal(refused.statusCode, 202)
  assert.deepEqual(Object.keys(refused.json()), Object.keys(taken.json()))
  await store.settle()
  assert.equal((await store.stats()).records, 1)
  assert.ok(!bytesOf(data).includes('canary-7f3a'))
  assert.ok(!JSON.stringify(lines).includes('canary-7f3a'))
  assert.ok(lines.some((line) => line.eventType === 'SampleRejected' && line.reason === 'opted_out'))
  while (forwarder.stats().accepted < 1) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(forwarder.stats().accepted, 1)
  assert.ok(!bytesOf(spool).includes('canary-7f3a'))
  const text = await metrics.text()
  assert.match(text, /^telemetry_samples_rejected_total\{reason="opted_out"\} 1$/m)
  assert.match(text, /^telemetry_opt_out_ratio 0.5$/m)
  assert.match(text, /^telemetry_samples_received_total 2$/m)
})

test('a body with samples of both kinds of users stores those who agreed', async (t) => {
  const { app, store } = build(t)
  const batch = [SAMPLE, { ...SAMPLE, telemetryOptIn: false }, SAMPLE]
  const response = await post(app, '/api/v1/telemetry/events/batch', batch)
  assert.equal(response.statusCode, 200)
  await store.settle()
  assert.equal((await store.stats()).records, 2)
})
