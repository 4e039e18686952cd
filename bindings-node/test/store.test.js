'use strict'

const assert = require('node:assert/strict')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')
const { Engine, Store } = require('../index.js')

const engine = new Engine()
const event = (name, ms) => ({ channel: 'app', event: name, payload: { ms, to: 'ann@example.com' } })

function open (t) {
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  const store = Store.open(folder)
  t.after(() => { store.close(); rmSync(folder, { recursive: true }) })
  return { folder, store }
}

test('a batch is kept record by record, and a bad neighbour harms nobody', async (t) => {
  const { store } = open(t)
  const body = JSON.stringify([event('a', 1), { channel: 5 }, event('b', 3)])
  const verdict = await store.ingest(engine, 'default', 'batch', body)
  assert.deepEqual(verdict.results.map((result) => result.status), ['accepted', 'rejected', 'accepted'])
  assert.deepEqual([verdict.accepted, verdict.rejected, verdict.redactions], [2, 1, { email: 2 }])
})

test('stored records answer queries and aggregates', async (t) => {
  const { store } = open(t)
  const lines = [event('a', 1), event('a', 3), event('b', 10)].map((record) => JSON.stringify(record)).join('\n')
  await store.ingest(engine, 'default', 'ndjson', Buffer.from(lines))
  const page = await store.query('default', { event: 'b' })
  assert.deepEqual(page.records.map(({ payload }) => payload), [{ ms: 10, to: '[email]' }])
  const { buckets } = await store.aggregate('default', {
    field: '/payload/ms', aggregations: ['count', 'avg'], group_by: ['event']
  })
  assert.deepEqual(buckets, [{ group: { event: 'a' }, count: 2, avg: 2 }, { group: { event: 'b' }, count: 1, avg: 10 }])
  assert.equal((await store.stats()).records, 3)
  assert.deepEqual((await store.query('another')).records, [])
})

test('a record that comes twice is stored once', async (t) => {
  const { store } = open(t)
  const record = { ...event('a', 1), id: '01940000-0000-7000-8000-000000000001', timestamp: new Date().toISOString() }
  await store.ingest(engine, 'default', 'record', JSON.stringify(record))
  const again = await store.ingest(engine, 'default', 'record', JSON.stringify(record))
  assert.deepEqual([again.accepted, again.duplicates], [1, 1])
  assert.equal((await store.stats()).records, 1)
})

test('what was acknowledged is there after the store is opened again', async (t) => {
  const { folder, store } = open(t)
  await store.ingest(engine, 'default', 'record', JSON.stringify(event('a', 1)))
  store.close()
  const again = Store.open(folder)
  t.after(() => again.close())
  assert.equal((await again.stats()).records, 1)
})

test('a failed call rejects with code and path', async (t) => {
  const { store } = open(t)
  await assert.rejects(store.ingest(engine, 'default', 'batch', '{'), { code: 'batch_unreadable' })
  await assert.rejects(store.ingest(engine, 'default', 'csv', ''), { code: 'argument_invalid' })
  await assert.rejects(store.ingest({}, 'default', 'batch', '[]'), { code: 'argument_invalid', path: '/engine' })
  await assert.rejects(store.ingest(engine, 5, 'batch', '[]'), { code: 'argument_invalid', path: '/tenant' })
  await assert.rejects(store.aggregate('default', { interval: '3s' }), { code: 'argument_invalid', path: '/interval' })
  store.close()
  await assert.rejects(store.stats(), { code: 'closed', path: '' })
})

test('a folder that cannot be one is refused when it is opened', () => {
  assert.throws(() => Store.open(__filename), { code: 'store_unavailable' })
  assert.throws(() => Store.open(), { code: 'argument_invalid', path: '/folder' })
})
