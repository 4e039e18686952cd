'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { once } = require('node:events')
const { existsSync, mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { Engine, Store, TelemetryStorageException } = require('../index.js')

const engine = new Engine()
const hashing = new Engine({ privacy: { pseudonym_key: 'correct horse battery staple' } })
const event = (name, ms) => ({ channel: 'app', event: name, payload: { ms, to: 'ann@example.com' } })
const now = { consistency: 'now' }

function open (t, options) {
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  const store = Store.open(folder, options)
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
  const page = await store.query('default', { event: 'b', ...now })
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
  await store.settle()
  assert.equal((await store.stats()).records, 1)
})

test('what was acknowledged is there after the store is opened again', async (t) => {
  const { folder, store } = open(t)
  await store.ingest(engine, 'default', 'record', JSON.stringify(event('a', 1)))
  store.close()
  const again = Store.open(folder)
  t.after(() => again.close())
  await again.settle()
  assert.equal((await again.stats()).records, 1)
})

test('concurrent requests are all kept', async (t) => {
  const { store } = open(t)
  const body = JSON.stringify([event('a', 1), event('b', 2)])
  await Promise.all(Array.from({ length: 50 }, () => store.ingest(engine, 'default', 'batch', body)))
  await store.settle()
  assert.equal((await store.stats()).records, 100)
})

test('a program that only waits for a verdict lives until it is there', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const program = `
    const { Engine, Store } = require(${JSON.stringify(join(__dirname, '../index.js'))})
    const store = Store.open(${JSON.stringify(folder)})
    store.ingest(new Engine(), 'default', 'record', '{"channel":"app","event":"a","payload":{}}').then(({ accepted }) => {
      store.close()
      console.log(accepted)
    })`
  assert.equal(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }).trim(), '1')
})

test('a thread that is terminated while bodies are under way costs others nothing', async (t) => {
  const { folder, store } = open(t, { ingest_log: false })
  const thread = new Worker(`
    const { Engine, Store } = require(${JSON.stringify(join(__dirname, '../index.js'))})
    const store = Store.open(${JSON.stringify(join(folder, 'theirs'))})
    const engine = new Engine()
    const body = JSON.stringify(Array(500).fill({ channel: 'app', event: 'a', payload: { to: 'ann@example.com' } }))
    for (let i = 0; i < 100; i++) store.ingest(engine, 'default', 'batch', body)
    require('node:worker_threads').parentPort.postMessage('begun')`, { eval: true })
  await once(thread, 'message')
  await thread.terminate()
  const verdict = await store.ingest(engine, 'default', 'record', JSON.stringify(event('a', 1)))
  assert.equal(verdict.accepted, 1)
})

test('a failed call rejects with code and path', async (t) => {
  const { store } = open(t)
  await assert.rejects(store.ingest(engine, 'default', 'batch', '{'), { code: 'batch_unreadable' })
  await assert.rejects(store.ingest(engine, 'default', 'csv', ''), { code: 'argument_invalid' })
  await assert.rejects(store.ingest({}, 'default', 'batch', '[]'), { code: 'argument_invalid', path: '/engine' })
  await assert.rejects(store.ingest(engine, 5, 'batch', '[]'), { code: 'argument_invalid', path: '/tenant' })
  await assert.rejects(store.aggregate('default', { interval: '3s' }), { code: 'argument_invalid', path: '/interval' })
  await assert.rejects(store.retain('soon'), { code: 'argument_invalid', path: '/now' })
  await assert.rejects(store.retain(new Date(NaN)), { code: 'argument_invalid', path: '/now' })
  store.close()
  await assert.rejects(store.stats(), { code: 'closed', path: '' })
})

test('a folder that cannot be one is refused when it is opened', () => {
  assert.throws(() => Store.open(__filename), { code: 'store_unavailable' })
  assert.throws(() => Store.open(), { code: 'argument_invalid', path: '/folder' })
  const wrong = { retention_days: { events: 91 } }
  assert.throws(() => Store.open('nowhere', wrong), { code: 'argument_invalid', path: '/retention_days/events' })
  assert.equal(existsSync('nowhere'), false)
})

test('storage that fails raises a TelemetryStorageException, which best-effort recorders swallow', async (t) => {
  const { folder } = open(t)
  assert.throws(() => Store.open(folder), (error) => {
    assert.ok(error instanceof TelemetryStorageException)
    assert.deepEqual([error.name, error.code, error.path], ['TelemetryStorageException', 'store_unavailable', ''])
    assert.match(error.message, /another process/)
    return true
  })
})

test('a user sees and erases their data, and a late replay does not bring it back', async (t) => {
  const { store } = open(t)
  const at = new Date(Date.now() - 60_000).toISOString()
  const mine = { ...event('a', 1), user_id: 'ann', timestamp: at }
  await store.ingest(hashing, 'acme', 'batch', JSON.stringify([mine, { ...event('b', 2), user_id: 'bob' }]))
  assert.equal((await store.userData(hashing, 'acme', 'ann', now)).records.length, 1)
  const receipt = await store.deleteUser(hashing, 'acme', 'ann', { actor: 'officer', source: 'test' })
  assert.equal(receipt.records, 1)
  assert.match(receipt.user, /^\[hash:/)
  assert.deepEqual((await store.deletions('acme')).deletions, [receipt])
  const late = await store.ingest(hashing, 'acme', 'record', JSON.stringify(mine))
  assert.deepEqual([late.accepted, late.refused], [0, 1])
  assert.equal((await store.userData(hashing, 'acme', 'ann', now)).records.length, 0)
  assert.equal((await store.query('acme', now)).records.length, 1)
  const { entries, next } = await store.audit('acme')
  assert.deepEqual([entries.length, entries[0].seq, entries[0].actor, next], [1, receipt.audit_seq, 'officer', null])
})

test('consent is kept by purpose and enforced', async (t) => {
  const { store } = open(t)
  const said = { user_id: 'ann', purposes: { analytics: false }, notice_version: '2', source: 'app' }
  await store.consentUpdate(hashing, 'acme', said)
  const verdict = await store.ingest(hashing, 'acme', 'record', JSON.stringify({ ...event('a', 1), user_id: 'ann' }))
  assert.deepEqual([verdict.accepted, verdict.opted_out, verdict.results[0].status], [0, 1, 'accepted'])
  const free = await store.ingest(hashing, 'acme', 'record', JSON.stringify({ ...event('a', 1), user_id: 'ann' }),
    { opt_out_enforce: false })
  assert.equal(free.accepted, 1)
  const state = await store.consentStatus(hashing, 'acme', 'ann')
  assert.equal(state.purposes.analytics.granted, false)
  assert.equal(state.history.length, 1)
})

test('an API key is found until it is revoked', async (t) => {
  const { store } = open(t)
  const { id, key } = await store.apiKeyAdd('acme', { name: 'ci', roles: ['ingest'] })
  assert.deepEqual((await store.apiKeyFind(key)).roles, ['ingest'])
  assert.deepEqual((await store.apiKeys('acme')).map((known) => known.id), [id])
  assert.deepEqual(await store.apiKeyRevoke('acme', id), { revoked: true })
  assert.equal(await store.apiKeyFind(key), null)
})

test('the trail is appended to and checked', async (t) => {
  const { store } = open(t)
  assert.deepEqual(await store.auditAppend('acme', { actor: 'ann', action: 'config.change' }), { seq: 1 })
  const { entries, broken_at: brokenAt } = await store.auditVerify()
  assert.deepEqual([entries, brokenAt], [1, null])
})

test('records leave as CSV, and the store is copied, checked and swept', async (t) => {
  const { folder, store } = open(t, { retention_days: { events: 1 } })
  await store.ingest(engine, 'acme', 'batch', JSON.stringify([event('=1+1', 1), event('b', 2)]))
  const page = await store.export('acme', now, 'csv')
  assert.deepEqual([page.records, page.next], [2, null])
  assert.match(page.content, /^schema,id,timestamp,/)
  assert.match(page.content, /,"'=1\+1",/)
  await store.backup(join(folder, 'copy'))
  assert.ok(existsSync(join(folder, 'copy', 'meta.db')))
  assert.equal((await store.check()).ok, true)
  assert.deepEqual(await store.retain(new Date(Date.now() + 4 * 86_400_000)), { days: 0, records: 2 })
  await store.vacuum()
  assert.equal((await store.stats()).records, 0)
})
