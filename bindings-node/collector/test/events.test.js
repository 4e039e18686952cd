'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { deflateSync, gzipSync } = require('node:zlib')
const { BATCH, EVENTS, build, event, post } = require('./collector.js')

const MIB = 1 << 20

function refused (response, status, code) {
  assert.equal(response.statusCode, status, response.body)
  assert.deepEqual(Object.keys(response.json()), ['error'])
  assert.equal(response.json().error.code, code)
  assert.ok(response.json().error.message)
}

test('an accepted event is answered with its verdict and is stored scrubbed', async (t) => {
  const { app, store } = build(t)
  const response = await post(app, EVENTS, event('signup', { to: 'ann@example.com' }))
  assert.equal(response.statusCode, 200)
  const { status, id, violations } = response.json()
  assert.deepEqual({ status, violations }, { status: 'accepted', violations: [] })
  const { records } = await store.query('default', { consistency: 'now' })
  assert.deepEqual([records[0].id, records[0].payload], [id, { to: '[email]' }])
})

test('an event that breaks its schema is 422 with the verdict and is not stored', async (t) => {
  const { app, store } = build(t)
  const response = await post(app, EVENTS, { channel: 'app', payload: {} })
  assert.equal(response.statusCode, 422)
  assert.equal(response.json().status, 'rejected')
  const [{ path, code }, ...others] = response.json().violations
  assert.deepEqual([path, code, others], ['/event', 'required', []])
  assert.equal((await store.stats()).records, 0)
})

test('an event that is not JSON is 400', async (t) => {
  const { app } = build(t)
  refused(await post(app, EVENTS, '{"channel":'), 400, 'json_invalid')
  refused(await post(app, EVENTS, ''), 400, 'json_invalid')
})

test('in a batch every record has its own verdict, in order', async (t) => {
  const { app, store } = build(t)
  const response = await post(app, BATCH, [event('a'), { channel: 5 }, 'no record', event('b')])
  assert.equal(response.statusCode, 200)
  const verdict = response.json()
  assert.deepEqual(verdict.results.map(({ status }) => status), ['accepted', 'rejected', 'rejected', 'accepted'])
  assert.deepEqual([verdict.accepted, verdict.rejected], [2, 2])
  await store.settle()
  assert.equal((await store.stats()).records, 2)
})

test('lines of JSON are a batch too', async (t) => {
  const { app } = build(t)
  const lines = `${JSON.stringify(event('a'))}\n{broken\n${JSON.stringify(event('b'))}\n`
  const response = await post(app, BATCH, lines, { 'content-type': 'application/x-ndjson; charset=utf-8' })
  assert.deepEqual(response.json().results.map(({ status }) => status), ['accepted', 'rejected', 'accepted'])
})

test('compressed bodies are inflated', async (t) => {
  const { app } = build(t)
  const body = JSON.stringify([event('a'), event('b')])
  const bodies = { gzip: gzipSync(body), deflate: deflateSync(body), GZIP: gzipSync(body) }
  for (const [encoding, packed] of Object.entries(bodies)) {
    const response = await post(app, BATCH, packed, { 'content-encoding': encoding })
    assert.equal(response.json().accepted, 2, encoding)
  }
})

test('a batch that cannot be divided is 400', async (t) => {
  const { app } = build(t)
  refused(await post(app, BATCH, '[{"channel"'), 400, 'batch_unreadable')
  refused(await post(app, BATCH, '{}'), 400, 'batch_unreadable')
  const gzip = { 'content-encoding': 'gzip' }
  refused(await post(app, BATCH, gzipSync('[]').subarray(0, 12), gzip), 400, 'body_unreadable')
  refused(await post(app, BATCH, '[]', gzip), 400, 'body_unreadable')
})

test('a body above 4 MiB is 413, before and after inflation', async (t) => {
  const { app } = build(t)
  const large = Buffer.alloc(4 * MIB + 1, ' ')
  refused(await post(app, BATCH, large), 413, 'body_too_large')
  refused(await post(app, EVENTS, large), 413, 'body_too_large')
  const bomb = gzipSync(Buffer.alloc(256 * MIB))
  assert.ok(bomb.length < MIB)
  const before = process.memoryUsage().rss
  refused(await post(app, BATCH, bomb, { 'content-encoding': 'gzip' }), 413, 'body_too_large')
  assert.ok(process.memoryUsage().rss - before < 64 * MIB, 'the bomb was inflated')
})

test('other content types and encodings are 415', async (t) => {
  const { app } = build(t)
  const lines = { 'content-type': 'application/x-ndjson' }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  refused(await post(app, BATCH, 'a=1', form), 415, 'media_type_unsupported')
  refused(await post(app, EVENTS, '{}', lines), 415, 'media_type_unsupported')
  refused(await post(app, BATCH, '[]', { 'content-encoding': 'snappy' }), 415, 'encoding_unsupported')
  refused(await post(app, BATCH, '[]', { 'content-encoding': 'gzip, gzip' }), 415, 'encoding_unsupported')
  refused(await post(app, BATCH, '[]', { 'content-encoding': 'constructor' }), 415, 'encoding_unsupported')
})

test('an event sent twice is stored once', async (t) => {
  const { app, store } = build(t)
  const record = { ...event('a'), id: '01940000-0000-7000-8000-000000000001', timestamp: new Date().toISOString() }
  await post(app, BATCH, [record])
  assert.equal((await post(app, BATCH, [record])).json().duplicates, 1)
  await store.settle()
  assert.equal((await store.stats()).records, 1)
})

test('a store that is gone is 503, not a 2xx', async (t) => {
  const { app, store } = build(t)
  store.close()
  refused(await post(app, EVENTS, event('a')), 503, 'closed')
  refused(await post(app, BATCH, [event('a')]), 503, 'closed')
})
