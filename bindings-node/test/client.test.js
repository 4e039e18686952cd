'use strict'

const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const { mkdtempSync, readdirSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { before, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { Client } = require('../index.js')
const { TIMEOUT_MS, isolate, listen } = require('./collector.js')

const RECORD = { channel: 'app', event: 'login', payload: { to: 'ann@example.com' } }

before(isolate)

function balanced (stats) {
  const dropped = Object.values(stats.dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(stats.accepted, stats.delivered + stats.pending + dropped)
}

test('what is tracked arrives scrubbed and the books balance', async (t) => {
  const { requests, endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint, api_key: 'key' } })
  assert.equal(client.track(RECORD), true)
  assert.equal(client.track(JSON.stringify(RECORD)), true)
  assert.equal(client.track({ channel: 'app' }), true)
  assert.equal(await client.flush(TIMEOUT_MS), true)
  const stats = client.stats()
  assert.deepEqual([stats.accepted, stats.delivered, stats.dropped.invalid], [3, 2, 1])
  balanced(stats)
  assert.equal(requests[0].url, '/api/v1/telemetry/events/batch')
  assert.equal(requests[0].headers.authorization, 'Bearer key')
  assert.deepEqual(requests[0].records.map((record) => record.payload.to), ['[email]', '[email]'])
  await client.shutdown()
})

test('waiting for a flush does not hold up the event loop', async () => {
  // Port 9 is "discard": nothing answers there, so the flush must time out.
  const client = new Client({ client: { enabled: true, endpoint: 'http://127.0.0.1:9', retry_initial_ms: 60_000 } })
  client.track(RECORD)
  const order = []
  const flushed = client.flush(200).then((done) => order.push(done))
  await new Promise(setImmediate).then(() => order.push('loop'))
  await flushed
  assert.deepEqual(order, ['loop', false])
  await client.shutdown(0)
  balanced(client.stats())
})

test('a program ends when it wants to, whatever is still waiting to be sent', () => {
  const config = JSON.stringify({ client: { enabled: true, endpoint: 'http://127.0.0.1:9', retry_initial_ms: 30_000 } })
  const start = `const { Client } = require('./index.js'); const client = new Client(${config})
    client.track({}); client.track(${JSON.stringify(RECORD)})`
  const endings = { 'by itself': '', 'by process.exit': '; client.flush(); setTimeout(() => process.exit(), 50)' }
  for (const [name, ending] of Object.entries(endings)) {
    const begun = Date.now()
    const options = { cwd: join(__dirname, '..'), encoding: 'utf8' }
    const { status, stderr } = spawnSync('node', ['-e', start + ending], options)
    assert.deepEqual([status, stderr], [0, ''], name)
    assert.ok(Date.now() - begun < 2_000, `${name}: ${Date.now() - begun} ms`)
  }
})

test('what was captured when a program ends is delivered', async (t) => {
  const { requests, endpoint } = await listen(t)
  const config = JSON.stringify({ client: { enabled: true, endpoint } })
  const start = `const { Client } = require('./index.js'); const client = new Client(${config})
    for (let n = 0; n < 3; n++) client.track(${JSON.stringify(RECORD)})`
  for (const ending of ['', '; process.exit()', '; throw new Error()']) {
    const child = spawn('node', ['-e', start + ending], { cwd: join(__dirname, '..'), stdio: 'ignore' })
    await once(child, 'exit')
    assert.deepEqual(requests.splice(0).map(({ records }) => records.length), [3], ending)
  }
})

test('a record does not wait for the slab to fill', async (t) => {
  const { requests, endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint, flush_interval_ms: 1 } })
  for (const turn of [1, 2]) {
    client.track(RECORD)
    while (requests.length < turn) await new Promise(setImmediate)
  }
  await client.shutdown(TIMEOUT_MS)
})

test('more records than a slab holds arrive in their order, each once', async (t) => {
  const { requests, endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint, queue_max_items: 10_000 } })
  for (let n = 0; n < 3_000; n++) client.track({ ...RECORD, payload: { n, text: 'x'.repeat(n % 100) } })
  assert.equal(client.stats().accepted, 3_000)
  assert.equal(await client.flush(TIMEOUT_MS), true)
  const numbers = requests.flatMap(({ records }) => records.map(({ payload }) => payload.n))
  assert.deepEqual(numbers, Array.from({ length: 3_000 }, (_, n) => n))
  balanced(client.stats())
  await client.shutdown(TIMEOUT_MS)
})

test('records that come in texts and in values keep their order', async (t) => {
  const { requests, endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint } })
  const numbered = (n) => ({ ...RECORD, payload: { n } })
  client.track(numbered(0))
  client.track(JSON.stringify(numbered(1)))
  client.track({ ...numbered(3), get inner () { client.track(numbered(2)) } })
  client.trackChecked(numbered(4))
  client.track(numbered(5))
  await client.flush(TIMEOUT_MS)
  const numbers = requests.flatMap(({ records }) => records.map(({ payload }) => payload.n))
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5])
  await client.shutdown(TIMEOUT_MS)
})

test('a getter that tracks and asks disturbs nothing', async (t) => {
  const { records, endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint } })
  const numbered = (n) => ({ ...RECORD, payload: { n } })
  client.track(numbered(0))
  client.track({
    ...numbered(2),
    get inner () { client.track(JSON.stringify(numbered(1))); client.trackChecked(numbered(1)); return client.stats() && undefined }
  })
  client.track(numbered(3))
  await client.flush(TIMEOUT_MS)
  assert.deepEqual(records().map(({ payload }) => payload.n).sort(), [0, 1, 1, 2, 3])
  await client.shutdown(TIMEOUT_MS)
})

test('a worker thread with a client can be ended at any moment', async () => {
  const code = `const { Client } = require(${JSON.stringify(join(__dirname, '..'))})
    const client = new Client({ client: { enabled: true, endpoint: 'http://127.0.0.1:9' } })
    client.track(${JSON.stringify(RECORD)})
    client.flush()
    require('node:worker_threads').parentPort.postMessage('tracked')`
  for (let i = 0; i < 10; i++) {
    const worker = new Worker(code, { eval: true })
    await once(worker, 'message')
    await worker.terminate()
  }
})

test('trackChecked gives the outcome at once', async (t) => {
  const { endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint } })
  const outcome = client.trackChecked(RECORD)
  assert.equal(outcome.record.payload.to, '[email]')
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(outcome))), ['status', 'id', 'violations', 'redactions', 'record'])
  assert.match(require('node:util').inspect(outcome), /status: 'accepted'/)
  assert.equal(client.trackChecked({ ...RECORD, payload: { name: 'é😀' } }).record.payload.name, 'é😀')
  assert.equal(client.trackChecked({ ...RECORD, payload: 1 }).status, 'rejected')
  await client.shutdown(TIMEOUT_MS)
  assert.equal(client.stats().delivered, 2)
  // As of a client that is off: the outcome, and nothing captured.
  assert.equal(client.trackChecked(RECORD).status, 'accepted')
  assert.equal(client.stats().accepted, 3)
})

test('an outcome is the same of a value and of its text, also where its record says all', () => {
  const client = new Client({ client: { enabled: false } })
  const whole = { ...RECORD, id: '293ed42d-0859-7993-a394-84219fe80e49', timestamp: '2026-03-01T10:00:00Z' }
  for (const payload of [{}, { a: 1.5, b: [null], c: 'é' }, { to: 'ann@example.com' }, 1]) {
    const record = { ...whole, payload }
    const outcome = client.trackChecked(record)
    const same = client.trackChecked(JSON.stringify(record))
    assert.deepEqual(Object.entries(outcome.toJSON()), Object.entries(same.toJSON()))
    assert.deepEqual([outcome.status, outcome.id], [same.status, record.id])
  }
})

test('a client is off unless turned on, and says why', () => {
  const client = new Client({ client: { endpoint: 'http://127.0.0.1:9' } })
  assert.equal(client.track(RECORD), false)
  const { enabled, disabled_by: reason, not_captured: missed } = client.stats()
  assert.deepEqual({ enabled, reason, missed }, { enabled: false, reason: 'configuration', missed: 1 })
})

test('DO_NOT_TRACK beats the configuration', (t) => {
  process.env.DO_NOT_TRACK = '1'
  t.after(() => delete process.env.DO_NOT_TRACK)
  const client = new Client({ client: { enabled: true, endpoint: 'http://127.0.0.1:9' } })
  assert.equal(client.track(RECORD), false)
  assert.equal(client.stats().disabled_by, 'DO_NOT_TRACK')
})

test('track never throws, and counts what it cannot read', async (t) => {
  const { endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint } })
  const cycle = {}
  cycle.self = cycle
  const hostile = [cycle, null, undefined, 5, Symbol('s'), { get a () { throw new Error('no') } }, '', Buffer.alloc(0)]
  for (const record of hostile) assert.equal(client.track(record), true)
  await client.flush(TIMEOUT_MS)
  assert.equal(client.stats().dropped.invalid, hostile.length)
  await client.shutdown()
})

test('after shutdown nothing is captured, and shutting down again is harmless', async (t) => {
  const { endpoint } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint } })
  client.track(RECORD)
  assert.equal(await client.shutdown(TIMEOUT_MS), true)
  assert.equal(await client.shutdown(), true)
  assert.equal(client.track(RECORD), false)
  await client[Symbol.asyncDispose]()
  assert.equal(client.stats().delivered, 1)
})

test('a timeout that is no time is refused', async () => {
  const client = new Client()
  for (const timeout of [-1, NaN, Infinity, '5']) {
    await assert.rejects(client.flush(timeout), { code: 'argument_invalid', path: '/timeoutMs' })
  }
})

test('a wrong configuration throws', () => {
  assert.throws(() => new Client({ client: { batch_max_items: 0 } }), {
    code: 'config_invalid', path: '/client/batch_max_items'
  })
})

test('in durable mode a record is on the disk when track returns, and an opt-out erases it', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'scrubjay-durable-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const client = new Client({
    client: {
      enabled: true,
      // Nobody listens there.
      endpoint: 'http://127.0.0.1:9',
      durable: true,
      state_dir: join(home, 'state'),
      spool: { dir: join(home, 'spool') }
    }
  })
  assert.equal(client.track(RECORD), true)
  assert.ok(segments(home) > 0)
  assert.equal(client.stats().spooled, 1)
  await client.optOut({ source: 'test' })
  assert.equal(segments(home), 0)
  assert.equal(client.stats().dropped.consent, 1)
  await client.shutdown(TIMEOUT_MS)
})

/** Files of records below a folder. */
function segments (home) {
  return readdirSync(home, { recursive: true }).filter((name) => String(name).endsWith('.segment')).length
}
