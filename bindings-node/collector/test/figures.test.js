'use strict'

/** Counts that are kept give the store's own answers. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { Engine, Store } = require('scrubjay')
const { Figures } = require('../src/figures.js')
const { folder } = require('./collector.js')

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Noon of a day that is over, so that the last day of a range is one that is not. */
const NOW = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2
const TENANT = 'acme'
const iso = (/** @type {number} */ ms) => new Date(ms).toISOString()

/** A store with five days of events, metrics and sampled records, and how often it was asked. */
async function filled (t, more = []) {
  const store = Store.open(folder(t), { ingest_log: false })
  t.after(() => store.close())
  const engine = new Engine()
  const records = Array.from({ length: 600 }, (_, i) => ({
    channel: ['web', 'app', 'ä "quoted"'][i % 3], event: `event_${i % 7}`, timestamp: iso(NOW - i * 11 * 60_000), payload: {},
    ...(i % 7 === 3 ? { sample_rate: 0.1 } : {})
  }))
  const metrics = Array.from({ length: 100 }, (_, i) =>
    ({ schema: 'telemetry_metric_v1', name: 'queue.depth', type: 'gauge', unit: '1', value: i, timestamp: iso(NOW - i * HOUR_MS) }))
  const ingest = (/** @type {object[]} */ all) => store.ingest(engine, TENANT, 'batch', JSON.stringify(all))
  assert.equal((await ingest([...records, ...metrics, ...more])).accepted, 700 + more.length)
  let asked = 0
  const counted = {
    stats: () => store.stats(),
    aggregateText: (/** @type {string} */ tenant, /** @type {string} */ spec) => { asked++; return store.aggregateText(tenant, spec) }
  }
  return { store, ingest, figures: new Figures(/** @type {any} */ (counted), () => NOW), asked: () => { const n = asked; asked = 0; return n } }
}

const RANGE = { start_time: iso(NOW - 4 * DAY_MS - 1_234_567), end_time: iso(NOW - 98_765) }
const QUESTIONS = [
  { group_by: ['channel'] },
  { group_by: ['channel'], interval: '1h', limit: 20_000 },
  { group_by: ['event', 'channel'], interval: '6h', limit: 20_000 },
  { group_by: ['schema'], schema: 'any', interval: '1d' },
  { group_by: ['event'], schema: 'telemetry_metric_v1' },
  { group_by: ['event'], channel: 'web' },
  { group_by: ['channel'], event: 'event_3', interval: '1h', limit: 7 },
  { group_by: ['channel'], name: 'app.event_1' },
  { group_by: ['channel'], name: 'event_1', aggregations: ['count'] },
  { group_by: ['channel'], channel: 'nowhere' },
  { group_by: ['channel'], end_time: iso(NOW - 4 * DAY_MS), start_time: iso(NOW - 80 * DAY_MS) },
  // Not answered from counts, and passed on.
  { group_by: ['channel', 'user_id'] },
  { group_by: ['channel'], aggregations: ['count', 'users'] },
  { group_by: ['channel'], interval: '15m' },
  { group_by: ['channel'], consistency: 'now' },
  { group_by: ['channel'], start_time: '2026-11-01T00:00:00+01:00', end_time: '2026-11-09T00:00:00+01:00' },
  {}
]

test('every question is answered as the store answers it, the first time and from what is kept', async (t) => {
  const { store, figures } = await filled(t)
  for (const question of QUESTIONS) {
    const spec = { ...RANGE, ...question }
    const expected = await store.aggregateText(TENANT, JSON.stringify(spec))
    assert.equal(await figures.aggregateText(TENANT, spec), expected, JSON.stringify(question))
    assert.equal(await figures.aggregateText(TENANT, spec), expected, `again: ${JSON.stringify(question)}`)
  }
})

test('days that are over are read once', async (t) => {
  const { figures, asked } = await filled(t)
  const spec = { ...RANGE, group_by: ['channel'], interval: '1h' }
  await figures.aggregateText(TENANT, spec)
  assert.ok(asked() > 4)
  await figures.aggregateText(TENANT, spec)
  assert.equal(asked(), 2, 'the part of an hour at the beginning, and today')
})

test('what comes late is counted', async (t) => {
  const { store, ingest, figures } = await filled(t)
  const spec = { ...RANGE, group_by: ['channel'] }
  await figures.aggregateText(TENANT, spec)
  await ingest([{ channel: 'late', event: 'event', timestamp: iso(NOW - 2 * DAY_MS), payload: {} }])
  // The store's word on its files is a quarter of a second old at most; this one is new.
  const late = new Figures(store, () => NOW)
  await late.aggregateText(TENANT, spec)
  const expected = await store.aggregateText(TENANT, JSON.stringify(spec))
  assert.match(expected, /late/)
  assert.equal(await late.aggregateText(TENANT, spec), expected)
})

test('a tenant is answered with its own counts', async (t) => {
  const { figures } = await filled(t)
  const spec = { ...RANGE, group_by: ['channel'] }
  await figures.aggregateText(TENANT, spec)
  assert.equal(await figures.aggregateText('globex', spec), '{"buckets":[],"truncated":false}')
})

test('samples that stand for no whole number of records are added up before they are rounded', async (t) => {
  const odd = Array.from({ length: 3 }, (_, i) =>
    ({ channel: 'odd', event: 'event', timestamp: iso(NOW - 2 * DAY_MS - i * HOUR_MS), sample_rate: 0.3, payload: {} }))
  const { store, figures } = await filled(t, odd)
  const spec = { ...RANGE, group_by: ['channel'] }
  assert.equal(await figures.aggregateText(TENANT, spec), await store.aggregateText(TENANT, JSON.stringify(spec)))
})
