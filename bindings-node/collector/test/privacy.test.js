'use strict'

/** The rights of users: group C, and Q9's exports. */

const assert = require('node:assert/strict')
const { readFileSync, readdirSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { BATCH, EVENTS, SECRET, bearer, build, event, post } = require('./collector.js')

const BASE = '/api/v1/telemetry'
const SECURED = { JWT_SECRET: SECRET }

/** One app, and what its roles may call. */
async function secured (t, dependencies) {
  const made = build(t, SECURED, dependencies)
  const roles = ['ingest', 'analyst', 'privacy_officer', 'admin']
  const as = Object.fromEntries(await Promise.all(roles.map(async (role) => [role, await bearer([role])])))
  const get = (url, role = 'admin') => made.app.inject({ url: BASE + url, headers: as[role] })
  const erase = (user, headers = as.privacy_officer) =>
    made.app.inject({ method: 'DELETE', url: `${BASE}/data/${encodeURIComponent(user)}`, headers })
  return { ...made, as, get, erase }
}

function of (user, name, payload = {}) {
  return { ...event(name, payload), user_id: user }
}

function bytesOf (folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'latin1'))
    .join('')
}

test('consent is recorded with version and source, and its history stays', async (t) => {
  const { app, as, get } = await secured(t)
  const decide = (analytics) => post(app, `${BASE}/consent/update`, {
    user_id: 'ann', purposes: { analytics }, notice_version: '2026-01', source: 'settings'
  }, as.ingest)
  for (const granted of [true, false]) {
    const response = await decide(granted)
    assert.equal(response.statusCode, 200, response.body)
  }
  const status = (await get('/consent/status?user_id=ann', 'ingest')).json()
  assert.equal(JSON.stringify(status).match(/2026-01/g).length >= 2, true, JSON.stringify(status))
  assert.equal((await get('/consent/status', 'ingest')).statusCode, 400)
  for (const body of [{}, { user_id: 'a' }, { user_id: 'a', purposes: { ads: true } }, { user_id: 'a', purposes: {} }]) {
    assert.equal((await post(app, `${BASE}/consent/update`, body, as.ingest)).statusCode, 400, JSON.stringify(body))
  }
})

test('C8: what a user opted out of is taken, counted, and stored nowhere', async (t) => {
  const { app, as, data, store, metrics } = await secured(t)
  const update = await post(app, `${BASE}/consent/update`, { user_id: 'ann', purposes: { analytics: false } }, as.ingest)
  assert.equal(update.statusCode, 200, update.body)
  const sent = await post(app, BATCH, [of('ann', 'canary-51c2'), of('bob', 'kept')], as.ingest)
  assert.equal(sent.statusCode, 200)
  assert.equal(sent.json().opted_out, 1, sent.body)
  const single = await post(app, EVENTS, of('ann', 'canary-51c2'), as.ingest)
  assert.ok([200, 422].includes(single.statusCode))
  await store.settle()
  assert.ok(!bytesOf(data).includes('canary-51c2'))
  assert.equal((await store.stats()).records, 1)
  assert.match(await metrics.text(), /^telemetry_samples_rejected_total\{reason="opted_out"\} 2$/m)
})

test('C11, C14, C15: access gives all of one user and nothing of another, and deletion leaves nothing of it', async (t) => {
  const erased = []
  const noticed = []
  const forwarder = { take () {}, erase: async () => { erased.push(1) }, stats: () => ({ pending: 0 }) }
  const notices = { add: async (notice) => { noticed.push(notice) } }
  const { app, as, data, store, erase, get } = await secured(t, { forwarder, notices })
  const users = ['user1', 'user10', '%', 'ünï', 'a/b', 'user1 ']
  const records = users.flatMap((user, i) => [of(user, `first-${i}-x`, { note: `canary-${i}-x` }), of(user, `second-${i}-x`)])
  assert.equal((await post(app, BATCH, records, as.ingest)).json().accepted, records.length)
  await store.settle()
  const names = async (user) => {
    const response = await get(`/data/${encodeURIComponent(user)}`, 'privacy_officer')
    assert.equal(response.statusCode, 200, response.body)
    return response.json().records.map((record) => record.event).sort()
  }
  for (const [i, user] of users.slice(0, 5).entries()) {
    assert.deepEqual(await names(user), [`first-${i}-x`, `second-${i}-x`], user)
  }
  const receipt = await erase('user1')
  assert.equal(receipt.statusCode, 200, receipt.body)
  assert.equal(receipt.json().records, 2)
  assert.deepEqual(await names('user1'), [])
  assert.deepEqual(await names('user10'), ['first-1-x', 'second-1-x'])
  await store.settle()
  const bytes = bytesOf(data)
  assert.ok(!bytes.includes('canary-0-x'), 'rows, free pages and the log are overwritten')
  assert.ok(bytes.includes('canary-1-x'), 'what was looked for can be found')
  assert.equal(erased.length, 1)
  assert.deepEqual([noticed[0].request_id, noticed[0].tenant_id], [receipt.json().request_id, 'acme'])
  assert.ok(!JSON.stringify(noticed).includes('user1'))
  const list = await get('/deletions', 'privacy_officer')
  assert.ok(list.body.includes(receipt.json().request_id))
})

test('deletions and the audit trail are listed from either end, page by page', async (t) => {
  const { as, erase, get } = await secured(t)
  const users = ['ann', 'bob', 'carl']
  const receipts = []
  for (const user of users) receipts.push((await erase(user, as.privacy_officer)).json().request_id)
  const ids = async (order) => {
    const seen = []
    let cursor = ''
    do {
      const page = (await get(`/deletions?limit=2&order=${order}${cursor}`, 'privacy_officer')).json()
      seen.push(...page.deletions.map((deletion) => deletion.request_id))
      cursor = page.next === null ? '' : `&cursor=${page.next}`
    } while (cursor !== '')
    return seen
  }
  assert.deepEqual(await ids('asc'), receipts)
  assert.deepEqual(await ids('desc'), [...receipts].reverse())
  const { entries } = (await get('/audit?order=desc&limit=2', 'privacy_officer')).json()
  assert.ok(entries[0].seq > entries[1].seq)
  assert.equal((await get('/audit?order=newest', 'privacy_officer')).statusCode, 400)
})

test('C12: a late replay of a deleted user is refused and counted', async (t) => {
  const { app, as, store, erase, get } = await secured(t)
  const late = { ...of('ann', 'late'), id: '01940000-0000-7000-8000-000000000001', timestamp: new Date().toISOString() }
  await post(app, BATCH, [late], as.ingest)
  await store.settle()
  assert.equal((await erase('ann')).statusCode, 200)
  await post(app, BATCH, [late], as.ingest)
  await store.settle()
  assert.deepEqual((await get('/data/ann', 'privacy_officer')).json().records, [])
})

test('C18: reads, changes of consent, deletions and keys are in a trail that verifies', async (t) => {
  const { app, as, store, erase, get } = await secured(t)
  await post(app, EVENTS, of('ann', 'a'), as.ingest)
  await post(app, `${BASE}/consent/update`, { user_id: 'ann', purposes: { analytics: true } }, as.ingest)
  await get('/records', 'analyst')
  await get('/data/ann', 'privacy_officer')
  await erase('ann')
  await post(app, `${BASE}/keys`, { roles: ['viewer'] }, as.admin)
  const trail = (await get('/audit', 'privacy_officer')).body
  for (const action of ['consent.update', 'records.read', 'user.access', 'key.add']) assert.ok(trail.includes(action), action)
  assert.match(trail, /delete/)
  assert.ok(!trail.includes('"ann"'), 'no raw user id')
  const state = (await get('/audit/verify', 'privacy_officer')).json()
  assert.ok(state.entries >= 5 && state.broken_at === null, JSON.stringify(state))
  assert.equal((await store.auditVerify()).broken_at, null)
})

test('Q9: a CSV neutralises formulas, leaves numbers alone, and JSON has everything', async (t) => {
  const { app, as, store, get } = await secured(t)
  await post(app, BATCH, [
    { name: 'a.b', type: 'gauge', value: -1.5, attributes: { '=cmd': '+SUM(1)', plain: '@x', ok: 'fine' } }
  ], as.ingest)
  await store.settle()
  const csv = await get('/metrics/export?format=csv', 'analyst')
  assert.equal(csv.statusCode, 200, csv.body)
  assert.match(csv.headers['content-type'], /^text\/csv/)
  assert.match(csv.body, /-1\.5/)
  assert.doesNotMatch(csv.body, /(^|[,\n])"?[=+@]/m)
  const json = await get('/metrics/export?format=json', 'analyst')
  assert.equal(json.statusCode, 200, json.body)
  assert.match(json.body, /a\.b/)
  assert.equal((await get('/metrics/export?format=xml', 'analyst')).statusCode, 400)
})

test('metrics are queried, aggregated by attribute, and traces are found by their id', async (t) => {
  const { app, as, store, get } = await secured(t)
  const now = `${Date.now()}000000`
  const traceId = 'a'.repeat(32)
  await post(app, BATCH, [
    { name: 'api.requests', type: 'counter', value: 3, attributes: { endpoint: '/a' } },
    { name: 'api.requests', type: 'counter', value: 4, attributes: { endpoint: '/b' } },
    { name: 'other', type: 'gauge', value: 9 },
    { trace_id: traceId, span_id: 'b'.repeat(16), name: 's', start_time_unix_nano: now, end_time_unix_nano: now },
    { trace_id: 'c'.repeat(32), span_id: 'd'.repeat(16), name: 't', start_time_unix_nano: now, end_time_unix_nano: now },
    { event_key: 'auth.login', severity: 'info' }
  ], as.ingest)
  await store.settle()
  const values = (await get('/metrics?name=api.requests', 'analyst')).json().records.map(({ value }) => value)
  assert.deepEqual(values.sort(), [3, 4])
  const { buckets } = (await get('/metrics/aggregate?name=api.requests&aggregation=sum&group_by=endpoint&interval=1h')).json()
  assert.deepEqual(buckets.map(({ sum }) => sum).sort(), [3, 4])
  const spans = (await get(`/traces/${traceId.toUpperCase()}`, 'analyst')).json().records
  assert.deepEqual(spans.map(({ name }) => name), ['s'])
  assert.equal((await get(`/traces/${'e'.repeat(32)}`, 'analyst')).statusCode, 404)
  assert.equal((await get('/traces/xyz', 'analyst')).statusCode, 400)
  assert.deepEqual((await get('/traces', 'analyst')).json().records.map((record) => record.event_key), ['auth.login'])
  const counts = (await get('/records/counts')).json()
  assert.deepEqual([counts.accepted, counts.rejected], [6, 0])
  assert.match((await get('/dashboard')).body, /<!doctype html>/)
  assert.equal((await get('/dashboard/reports')).statusCode, 200)
})
