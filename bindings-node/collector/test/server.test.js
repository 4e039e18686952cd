'use strict'

/** The real process on real ports. */

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { randomUUID } = require('node:crypto')
const { once } = require('node:events')
const { request } = require('node:http')
const { join } = require('node:path')
const { test } = require('node:test')
const { Client } = require('scrubjay')
const { AGGREGATE, BATCH, COLLECTOR, event, folder, start } = require('./collector.js')

const TIMEOUT = { timeout: 30_000 }

for (const name of ['DO_NOT_TRACK', 'OTEL_SDK_DISABLED', 'TELEMETRY_ENABLED']) delete process.env[name]

async function send (url, records) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}${BATCH}`, { method: 'POST', headers, body: JSON.stringify(records) })
  return { status: response.status, verdict: await response.json() }
}

async function count (url) {
  const { buckets } = await (await fetch(`${url}${AGGREGATE}?consistency=now`)).json()
  return buckets[0]?.count ?? 0
}

test('the process serves its routes and its metrics and ends cleanly on SIGTERM', TIMEOUT, async (t) => {
  const { child, exited, lines, url, metricsUrl } = await start(t)
  assert.equal((await fetch(`${url}/ready`)).status, 200)
  const { verdict } = await send(url, [event('a'), { channel: 1 }])
  assert.deepEqual(verdict.results.map((result) => result.status), ['accepted', 'rejected'])
  assert.equal(await count(url), 1)
  const text = await (await fetch(metricsUrl)).text()
  assert.match(text, /^telemetry_samples_received_total 2$/m)
  assert.equal((await fetch(metricsUrl.replace('/metrics', '/'))).status, 404)
  child.kill('SIGTERM')
  assert.deepEqual(await exited, { code: 0, signal: null })
  assert.equal(lines.at(-1).msg, 'closed')
})

test('a request under way is answered before the process ends', TIMEOUT, async (t) => {
  const { child, exited, log, url } = await start(t)
  const slow = request(url + BATCH, { method: 'POST', headers: { 'content-type': 'application/json' } })
  slow.write('[')
  await once(slow, 'socket').then(([socket]) => socket.connecting && once(socket, 'connect'))
  // The server must have seen the request; a second one answered says that it reads its sockets.
  await fetch(`${url}/health`)
  const closing = once(log, 'closing')
  child.kill('SIGINT')
  await closing
  slow.end(`${JSON.stringify(event('late'))}]`)
  const [response] = await once(slow, 'response')
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers.connection, 'close')
  assert.equal(JSON.parse(Buffer.concat(await response.toArray())).accepted, 1)
  assert.equal((await exited).code, 0)
})

test('what a 2xx acknowledged survives a kill', TIMEOUT, async (t) => {
  const data = folder(t)
  const first = await start(t, { DATA_DIR: data })
  assert.equal((await send(first.url, [event('a'), event('b')])).status, 200)
  first.child.kill('SIGKILL')
  await first.exited
  const second = await start(t, { DATA_DIR: data })
  assert.equal(await count(second.url), 2)
})

/** Sends batches of ten from four connections until the process is gone; the ids that a 2xx acknowledged. */
async function sendUntilGone (url, onAnswer) {
  const acknowledged = new Set()
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (;;) {
      const ids = Array.from({ length: 10 }, () => randomUUID())
      try {
        const { status } = await send(url, ids.map((id) => ({ id, ...event('load') })))
        if (status === 200) ids.forEach((id) => acknowledged.add(id))
        onAnswer(acknowledged.size)
      } catch {
        return
      }
    }
  }))
  return acknowledged
}

async function storedIds (url) {
  const ids = new Set()
  let cursor
  do {
    const query = new URLSearchParams({ limit: '1000', consistency: 'now', ...(cursor && { cursor }) })
    const { records, next } = await (await fetch(`${url}/api/v1/telemetry/records?${query}`)).json()
    for (const { id } of records) {
      assert.ok(!ids.has(id), 'stored twice')
      ids.add(id)
    }
    cursor = next
  } while (cursor)
  return ids
}

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`H18: ${signal} under load loses nothing that a 2xx acknowledged, and stores nothing twice`, TIMEOUT, async (t) => {
    const data = folder(t)
    const first = await start(t, { DATA_DIR: data })
    let isKilled = false
    const kill = () => {
      if (isKilled) return
      isKilled = true
      first.child.kill(signal)
    }
    const acknowledged = await sendUntilGone(first.url, (count) => { if (count > 500) kill() })
    const { code } = await first.exited
    if (signal === 'SIGTERM') assert.equal(code, 0)
    assert.ok(acknowledged.size > 500)
    const second = await start(t, { DATA_DIR: data })
    const stored = await storedIds(second.url)
    for (const id of acknowledged) assert.ok(stored.has(id), 'acknowledged and lost')
  })
}

test('a client delivers to the collector and their books agree', TIMEOUT, async (t) => {
  const { url } = await start(t)
  const client = new Client({ client: { enabled: true, endpoint: url, batch_max_items: 20 } })
  for (let i = 0; i < 50; i++) client.track(event('tick', { i, to: 'ann@example.com' }))
  client.track({ channel: 'app' })
  assert.equal(await client.flush(20_000), true)
  await client.shutdown()
  const { accepted, delivered, dropped, requests } = client.stats()
  assert.deepEqual({ accepted, delivered, invalid: dropped.invalid }, { accepted: 51, delivered: 50, invalid: 1 })
  assert.ok(requests >= 3)
  assert.equal(await count(url), 50)
})

test('the example program reports what it sent', TIMEOUT, async (t) => {
  const { url } = await start(t)
  const example = join(COLLECTOR, '..', 'examples', 'send.js')
  const planted = join(COLLECTOR, '..', '..', 'tests', 'demo', 'planted.json')
  const { status, stdout, stderr } = spawnSync('node', [example, url, planted], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const { runtime, sent, stats } = JSON.parse(stdout.trim().split('\n').at(-1))
  assert.deepEqual([runtime, sent, stats.accepted], ['node', 200, 200])
  assert.deepEqual([stats.delivered, stats.dropped.invalid], [192, 8])
  assert.equal(await count(url), 192)
})

test('a faulty environment is reported whole, and nothing starts', () => {
  const env = { PATH: process.env.PATH, PORT: 'x', LOG_LEVEL: 'y' }
  const { status, stdout, stderr } = spawnSync('node', ['src/server.js'], { cwd: COLLECTOR, env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /cannot start:\n {2}- PORT must be .*\n {2}- LOG_LEVEL must be /)
  assert.equal(stdout, '')
})

test('a process that reaches beyond this machine without identity does not start', () => {
  const env = { PATH: process.env.PATH, HOST: '0.0.0.0', AUTH_REQUIRED: 'false' }
  const { status, stderr } = spawnSync('node', ['src/cli.js'], { cwd: COLLECTOR, env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /AUTH_REQUIRED must not be false where HOST is not a loopback address/)
})

test('the command makes keys that the service takes, applies retention, copies the store and verifies its trail', TIMEOUT, async (t) => {
  const data = folder(t)
  const env = { PATH: process.env.PATH, DATA_DIR: data }
  const run = (...words) => {
    const { status, stdout, stderr } = spawnSync('node', ['src/cli.js', ...words], { cwd: COLLECTOR, env, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout)
  }
  const { id, key } = run('keys', 'add', '--tenant', 'acme', '--roles', 'ingest,viewer', '--days', '7')
  const service = await start(t, { DATA_DIR: data, AUTH_REQUIRED: 'true' })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  const sendOne = () => fetch(`${service.url}${BATCH}`, { method: 'POST', headers, body: JSON.stringify([event('a')]) })
  assert.equal((await sendOne()).status, 200)
  assert.equal((await fetch(`${service.url}${AGGREGATE}`)).status, 401)
  assert.ok(JSON.stringify(run('keys', 'list', '--tenant', 'acme')).includes(id))
  const copy = join(folder(t), 'copy')
  run('backup', copy)
  const restored = spawnSync('node', ['src/cli.js', 'apply-deletions', data], {
    cwd: COLLECTOR, env: { ...env, DATA_DIR: copy }, encoding: 'utf8'
  })
  assert.deepEqual(JSON.parse(restored.stdout), { deletions: 0, consents: 0, revoked_keys: 0, records: 0 }, restored.stderr)
  run('retain')
  assert.equal(run('audit', 'verify').broken_at, null)
  run('keys', 'revoke', '--tenant', 'acme', id)
  const deadline = Date.now() + 10_000
  while ((await sendOne()).status !== 401) assert.ok(Date.now() < deadline, 'a revoked key still works')
  const wrong = spawnSync('node', ['src/cli.js', 'explode'], { cwd: COLLECTOR, env, encoding: 'utf8' })
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /scrubjay-collector backup/)
})

test('a port that is taken ends the process with its reason', TIMEOUT, async (t) => {
  const { url } = await start(t)
  const env = { PATH: process.env.PATH, PORT: new URL(url).port, PROMETHEUS_PORT: '0', DATA_DIR: folder(t) }
  const { status, stderr } = spawnSync('node', ['src/server.js'], { cwd: COLLECTOR, env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /EADDRINUSE/)
})
