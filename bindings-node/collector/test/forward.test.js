'use strict'

/** Forwarding to an OTLP receiver, and telling it of deletions: H20, C13. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { readdirSync } = require('node:fs')
const { createServer } = require('node:http')
const { join } = require('node:path')
const { test } = require('node:test')
const { codes } = require('scrubjay')
const { otlpRecords } = require('scrubjay/receive')
const { gunzipSync } = require('node:zlib')
const { Forwarder } = require('../src/forward/forwarder.js')
const { Notices } = require('../src/forward/notices.js')
const { Metrics } = require('../src/metrics.js')
const { BATCH, PSEUDONYM_KEY, build, event, folder, post } = require('./collector.js')

for (const name of ['DO_NOT_TRACK', 'OTEL_SDK_DISABLED', 'TELEMETRY_ENABLED']) delete process.env[name]

const TIMEOUT = { timeout: 30_000 }
const PRIVACY = { mode: 'balanced', pseudonym_key: PSEUDONYM_KEY }
const SILENT = { warn () {} }

/** A receiver that keeps what it gets; `answer` decides each status. */
async function receiver (t, answer = () => 200) {
  const got = []
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const status = answer(got.length)
    got.push({ url: request.url, headers: request.headers, body: Buffer.concat(chunks), status })
    response.writeHead(status, { 'content-type': request.headers['content-type'] }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  return { got, url: `http://127.0.0.1:${server.address().port}`, server }
}

function forwarder (t, endpoint, data = folder(t)) {
  const metrics = new Metrics(codes())
  const made = new Forwarder({ endpoint, protocol: 'http/protobuf', headers: { 'x-tag': 'a' } }, PRIVACY, data, metrics)
  t.after(() => made.shutdown(0))
  return { forwarder: made, metrics, data }
}

async function until (what, deadlineMs = 15_000) {
  const deadline = Date.now() + deadlineMs
  while (!await what()) {
    if (Date.now() > deadline) assert.fail(`not within ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('what was accepted arrives at the receiver scrubbed, under its id, and what was not does not', TIMEOUT, async (t) => {
  const { got, url } = await receiver(t)
  const { forwarder: passing } = forwarder(t, url)
  const { app } = build(t, {}, { forwarder: passing })
  const response = await post(app, BATCH, [
    { ...event('good', { to: 'ann@example.com' }), user_id: 'ann' }, { channel: 5, event: 'canary-bad' }
  ])
  const [{ id }] = response.json().results
  await until(() => passing.stats().pending > 0 || got.length > 0)
  await until(async () => await passing.erase() ?? got.length > 0)
  const { body, headers } = got[0]
  assert.deepEqual([got[0].url, headers['x-tag']], ['/v1/logs', 'a'])
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  const { bodies: [lines] } = await otlpRecords('logs', 'protobuf', plain)
  const records = lines.toString().trim().split('\n').map((line) => JSON.parse(line))
  assert.equal(records.length, 1)
  assert.deepEqual([records[0].id, records[0].tenant_id, records[0].payload], [id, 'default', { to: '[email]' }])
  assert.match(records[0].user_id, /^\[hash:/)
})

test('of a body in which somebody opted out or was deleted only the others go on, and its sender sees no difference', TIMEOUT, async (t) => {
  const { got, url } = await receiver(t)
  const { forwarder: passing, metrics } = forwarder(t, url)
  const { app, store, engine } = build(t, {}, { forwarder: passing })
  await store.consentUpdate(engine, 'default', { user_id: 'no', purposes: { analytics: false } })
  await store.deleteUser(engine, 'default', 'erased')
  const old = { timestamp: new Date(Date.now() - 60_000).toISOString() }
  const users = ['yes', 'no', 'erased', 'yes too']
  const response = await post(app, BATCH, users.map((user) => ({ ...event('e', { note: `of ${user}` }), ...old, user_id: user })))
  const verdict = response.json()
  assert.deepEqual([verdict.accepted, verdict.opted_out, verdict.refused], [2, 1, 1])
  assert.ok(!('withheld' in verdict), response.body)
  assert.deepEqual(verdict.results.map(({ status }) => status), Array(4).fill('accepted'))
  await until(() => passing.stats().pending > 0 || got.length > 0)
  await until(async () => await passing.erase() ?? got.length > 0)
  const { body, headers } = got[0]
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  const { bodies: [lines] } = await otlpRecords('logs', 'protobuf', plain)
  const notes = lines.toString().trim().split('\n').map((line) => JSON.parse(line).payload.note)
  assert.deepEqual(notes, ['of yes', 'of yes too'])
  assert.match(await metrics.text(), /^telemetry_forward_records_total\{outcome="withheld"\} 2$/m)
})

test('H20: a receiver that is down, or never answers, does not slow who sends', TIMEOUT, async (t) => {
  const hanging = createServer(() => {}).listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  t.after(() => { hanging.closeAllConnections(); hanging.close() })
  const batch = Array.from({ length: 100 }, (_, i) => event('e', { i }))
  const median = async (app) => {
    const times = []
    for (let i = 0; i < 41; i++) {
      const begun = performance.now()
      assert.equal((await post(app, BATCH, batch)).statusCode, 200)
      times.push(performance.now() - begun)
    }
    return times.sort((a, b) => a - b)[20]
  }
  const alone = await median(build(t).app)
  for (const url of ['http://127.0.0.1:9', `http://127.0.0.1:${hanging.address().port}`]) {
    const { forwarder: passing } = forwarder(t, url)
    const slowed = await median(build(t, {}, { forwarder: passing }).app)
    // Scrubbing for the receiver costs a thread; waiting for it would cost its timeout of ten seconds.
    assert.ok(slowed < 5 * alone + 50, `${slowed} ms, alone ${alone} ms`)
  }
})

test('a deletion erases what waits for a receiver that is down', TIMEOUT, async (t) => {
  const { forwarder: passing, metrics } = forwarder(t, 'http://127.0.0.1:9')
  const { app } = build(t, {}, { forwarder: passing })
  await post(app, BATCH, [event('a'), event('b')])
  await until(() => passing.stats().pending === 2)
  await passing.erase()
  assert.equal(passing.stats().pending, 0)
  assert.match(await metrics.text(), /^telemetry_forward_records_total\{outcome="erased"\} 2$/m)
  await post(app, BATCH, [event('c')])
  await until(() => passing.stats().pending === 1)
})

test('C13: a receiver that refuses is told of a deletion again until it has heard', TIMEOUT, async (t) => {
  const { got, url } = await receiver(t, (count) => count < 2 ? 503 : 204)
  const metrics = new Metrics(codes())
  const data = folder(t)
  const notices = new Notices(data, { url, token: 'secret-token' }, metrics, SILENT)
  t.after(() => notices.close())
  await notices.start()
  const notice = { request_id: 'r-1', tenant_id: 'acme', user_id: '[hash:x]', requested_at: '2026-01-02T03:04:05Z' }
  await notices.add(notice)
  assert.match(await metrics.text(), /^telemetry_deletion_notices_pending 1$/m)
  await until(() => readdirSync(data).length === 0)
  assert.deepEqual(got.map(({ status }) => status), [503, 503, 204])
  for (const { headers, body } of got) {
    assert.deepEqual([headers['idempotency-key'], headers.authorization], ['r-1', 'Bearer secret-token'])
    assert.deepEqual(JSON.parse(body), notice)
  }
  await until(async () => /^telemetry_deletion_notices_pending 0$/m.test(await metrics.text()))
})

test('a notice that waits survives the process', TIMEOUT, async (t) => {
  const data = folder(t)
  const down = new Notices(data, { url: 'http://127.0.0.1:9', token: undefined }, new Metrics(codes()), SILENT)
  await down.start()
  await down.add({ request_id: 'r-2', tenant_id: 'acme', user_id: 'u', requested_at: '' })
  down.close()
  assert.deepEqual(readdirSync(data), ['r-2.json'])
  const { got, url } = await receiver(t)
  const next = new Notices(data, { url, token: undefined }, new Metrics(codes()), SILENT)
  t.after(() => next.close())
  await next.start()
  await until(() => readdirSync(data).length === 0)
  assert.equal(JSON.parse(got[0].body).request_id, 'r-2')
  await assert.rejects(next.add({ request_id: '../x', tenant_id: 'a', user_id: 'u', requested_at: '' }))
  assert.ok(!readdirSync(join(data, '..')).includes('x.json'))
})
