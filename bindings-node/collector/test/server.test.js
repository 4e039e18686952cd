'use strict'

/** The real process on real ports. */

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
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
  const { buckets } = await (await fetch(url + AGGREGATE)).json()
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

test('a port that is taken ends the process with its reason', TIMEOUT, async (t) => {
  const { url } = await start(t)
  const env = { PATH: process.env.PATH, PORT: new URL(url).port, PROMETHEUS_PORT: '0', DATA_DIR: folder(t) }
  const { status, stderr } = spawnSync('node', ['src/server.js'], { cwd: COLLECTOR, env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /EADDRINUSE/)
})
