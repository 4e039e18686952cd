'use strict'

/** Reports at once, with progress, printed, and on schedule. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { readdirSync, mkdtempSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')
const { codes } = require('scrubjay')
const { Metrics } = require('../src/metrics.js')
const { Archive } = require('../src/reports/archive.js')
const { Maker } = require('../src/reports/maker.js')
const { Schedule } = require('../src/reports/schedule.js')
const { readConfig } = require('../src/config/index.js')
const { MISSING, executablePath } = require('./browser.js')
const { BATCH, SECRET, bearer, build, folder, post, start } = require('./collector.js')

const REPORTS = '/api/v1/telemetry/dashboard/reports'
const DAY_MS = 86_400_000
/** A Wednesday. */
const NOW = Date.parse('2026-11-18T12:00:00Z')

/** An app with identity, and a record of tenant `acme`. */
async function filled (t, env = {}) {
  const built = build(t, { JWT_SECRET: SECRET, ...env })
  const sent = await post(built.app, BATCH, [{ channel: 'shop', event: 'checkout', timestamp: new Date().toISOString(), payload: {} }], await bearer(['ingest']))
  assert.equal(sent.statusCode, 200)
  return built
}

/** A schedule with a clock that is set by hand; `made` are the ends that were asked for. */
function scheduled (t, { periods = ['daily'], keep = 30, make } = {}) {
  const { store } = build(t)
  const metrics = new Metrics(codes())
  const path = folder(t)
  const archive = new Archive(path)
  const made = []
  const clock = { now: NOW }
  const maker = make ?? { make: async (_tenant, { period, end }) => { made.push(`${period} ${end}`); return { content: 'a report', type: '' } } }
  const lines = []
  const log = { info: (fields, text) => lines.push(text), error: (fields, text) => lines.push(text) }
  const config = { periods, formats: ['html'], folder: path, keep, tenants: ['acme'], chromium: undefined }
  const of = (own) => new Schedule({ config, maker, archive, store, metrics: own, log, now: () => clock.now })
  // Another process over the same folder.
  const again = () => of(new Metrics(codes()))
  return { schedule: of(metrics), again, made, clock, lines, archive, metrics, store }
}

test('a report as a job tells how far it is, and is fetched when it is done', async (t) => {
  const { app } = await filled(t)
  const headers = await bearer(['viewer'])
  const begun = await app.inject({ method: 'POST', url: `${REPORTS}/jobs?period=daily&format=html&consistency=now`, headers })
  assert.equal(begun.statusCode, 202)
  const { job_id: id } = begun.json()
  const progress = await app.inject({ url: `${REPORTS}/jobs/${id}`, headers })
  const lines = progress.body.trim().split('\n').map((line) => JSON.parse(line))
  assert.deepEqual(lines.at(-1), { stage: 'done', done: 2, of: 2 })
  const page = await app.inject({ url: `${REPORTS}/jobs/${id}/content`, headers })
  assert.match(page.body, /checkout/)
  assert.match(page.headers['content-security-policy'], /default-src 'none'/)
})

test("another tenant neither follows nor fetches a report, and an unknown one is 404", async (t) => {
  const { app } = await filled(t)
  const { job_id: id } = (await app.inject({ method: 'POST', url: `${REPORTS}/jobs`, headers: await bearer(['viewer']) })).json()
  const foreign = await bearer(['admin'], 'globex')
  for (const url of [`${REPORTS}/jobs/${id}`, `${REPORTS}/jobs/${id}/content`, `${REPORTS}/jobs/00000000-0000-4000-8000-000000000000`]) {
    assert.equal((await app.inject({ url, headers: foreign })).statusCode, 404)
  }
})

test('a PDF without a Chromium is refused in words, and so is a schedule that asks for one', async (t) => {
  const { app } = await filled(t)
  const refused = await app.inject({ url: `${REPORTS}?format=pdf`, headers: await bearer(['viewer']) })
  assert.equal(refused.statusCode, 400)
  assert.deepEqual([refused.json().error.code, /TELEMETRY_REPORT_CHROMIUM/.test(refused.json().error.message)], ['pdf_unavailable', true])
  assert.throws(() => readConfig({ TELEMETRY_REPORT_FORMATS: 'pdf' }), /TELEMETRY_REPORT_FORMATS has pdf/)
  assert.throws(() => readConfig({ TELEMETRY_REPORT_CHROMIUM: '/nowhere/chromium' }), /TELEMETRY_REPORT_CHROMIUM must be/)
  assert.throws(() => readConfig({ TELEMETRY_REPORT_SCHEDULE: 'hourly' }), /TELEMETRY_REPORT_SCHEDULE must be of daily, weekly/)
  assert.throws(() => readConfig({ TELEMETRY_REPORT_SCHEDULE: 'daily', JWT_SECRET: SECRET }), /TELEMETRY_REPORT_TENANTS is needed/)
})

test('Chromium prints the report, and leaves nothing behind', { timeout: 90_000, skip: MISSING }, async (t) => {
  const { app } = await filled(t, { TELEMETRY_REPORT_CHROMIUM: executablePath })
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('scrubjay-report-'))
  const before = left()
  const printed = await app.inject({ url: `${REPORTS}?format=pdf&consistency=now`, headers: await bearer(['viewer']) })
  assert.equal(printed.statusCode, 200, printed.body)
  assert.equal(printed.headers['content-type'], 'application/pdf')
  assert.equal(printed.rawPayload.subarray(0, 5).toString(), '%PDF-')
  assert.deepEqual(left(), before)
})

test('a Chromium that does not print is told as that', async (t) => {
  const { app } = await filled(t, { TELEMETRY_REPORT_CHROMIUM: '/bin/false' })
  const refused = await app.inject({ url: `${REPORTS}?format=pdf`, headers: await bearer(['viewer']) })
  assert.deepEqual([refused.statusCode, refused.json().error.code], [503, 'pdf_unavailable'])
})

test('a report is made of the day and of the week that are over, once', async (t) => {
  const { schedule, made, archive, metrics, store } = scheduled(t, { periods: ['daily', 'weekly'] })
  await schedule.look()
  await schedule.look()
  assert.deepEqual(made, ['daily 2026-11-18T00:00:00.000Z', 'weekly 2026-11-16T00:00:00.000Z'])
  assert.deepEqual((await archive.list('acme')).map(({ name }) => name), ['daily-2026-11-17.html', 'weekly-2026-11-15.html'])
  assert.match(await metrics.text(), /telemetry_reports_total\{period="daily",outcome="made"\} 1\n/)
  assert.deepEqual((await store.audit('acme', {})).entries.map(({ actor, action }) => [actor, action]), [['collector', 'report.make'], ['collector', 'report.make']])
})

test('what was missed while the collector was away is made up for, within bounds', async (t) => {
  const { schedule, again, made, clock } = scheduled(t)
  await schedule.look()
  clock.now += 3 * DAY_MS
  await again().look()
  assert.deepEqual(made.slice(1), ['19', '20', '21'].map((day) => `daily 2026-11-${day}T00:00:00.000Z`))
  clock.now += 100 * DAY_MS
  await again().look()
  assert.equal(made.length, 4 + 7)
})

test('a day is not over for the five minutes in which its records may still come', async (t) => {
  const { schedule, made, clock } = scheduled(t)
  clock.now = Date.parse('2026-11-18T00:04:59Z')
  await schedule.look()
  clock.now = Date.parse('2026-11-18T00:05:00Z')
  await schedule.look()
  assert.deepEqual(made, ['daily 2026-11-17T00:00:00.000Z', 'daily 2026-11-18T00:00:00.000Z'])
})

test('only so many are kept, the newest', async (t) => {
  const { schedule, clock, archive } = scheduled(t, { keep: 2 })
  for (let day = 0; day < 4; day++) {
    await schedule.look()
    clock.now += DAY_MS
  }
  assert.deepEqual((await archive.list('acme')).map(({ day }) => day), ['2026-11-20', '2026-11-19'])
})

test('a report that fails is counted, and made the next time', async (t) => {
  let isBroken = true
  const make = { make: async () => { if (isBroken) throw Object.assign(new Error('no'), { code: 'store_unavailable' }); return { content: 'a report', type: '' } } }
  const { schedule, archive, metrics, lines } = scheduled(t, { make })
  await schedule.look()
  assert.deepEqual([lines, await archive.list('acme')], [['report failed'], []])
  assert.match(await metrics.text(), /outcome="failed"\} 1\n/)
  isBroken = false
  await schedule.look()
  assert.equal((await archive.list('acme')).length, 1)
})

test('reports are made one at a time, and no more than a few wait', async () => {
  let running = 0
  let most = 0
  const store = {
    aggregate: async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return { buckets: [], truncated: false }
    }
  }
  const maker = new Maker({ engine: null, store, counts: { of: () => ({}) }, printer: null })
  const wanted = { period: 'daily', format: 'json' }
  const asked = Array.from({ length: 16 }, () => maker.make('acme', wanted))
  assert.throws(() => maker.make('acme', wanted), { code: 'overloaded' })
  await Promise.all(asked)
  // Each asks three questions at once.
  assert.equal(most, 3)
  await maker.make('acme', wanted)
})

test("no tenant's name leads out of the folder, and no report's name either", async (t) => {
  const path = folder(t)
  const archive = new Archive(join(path, 'reports'))
  for (const tenant of ['..', '../..', '/etc', 'a b']) await archive.write(tenant, 'daily-2026-11-17.html', 'a report')
  assert.deepEqual(readdirSync(path), ['reports'])
  assert.equal(readdirSync(join(path, 'reports')).length, 4)
  for (const name of ['../../secret', 'daily-2026-11-17.html/..', 'meta.db', 'daily-2026-11-17.html.new']) assert.equal(await archive.read('..', name), null)
})

test('the process makes the report of yesterday when it starts, and serves it to its tenant alone', async (t) => {
  const reports = mkdtempSync(join(folder(t), 'reports-'))
  const { log, url } = await start(t, {
    JWT_SECRET: SECRET, TELEMETRY_REPORT_SCHEDULE: 'daily', TELEMETRY_REPORT_TENANTS: 'acme', TELEMETRY_REPORT_FORMATS: 'html,csv', TELEMETRY_REPORT_DIR: reports
  })
  const names = async () => (await (await fetch(`${url}${REPORTS}/kept`, { headers: await bearer(['viewer']) })).json()).reports.map(({ name }) => name)
  const made = once(log, 'report made')
  if ((await names()).length < 2) await made
  const [csv, html] = await names()
  assert.match(`${csv} ${html}`, /^daily-[\d-]+\.csv daily-[\d-]+\.html$/)
  const page = await fetch(`${url}${REPORTS}/kept/${html}`, { headers: await bearer(['viewer']) })
  assert.match(await page.text(), /<!doctype html>/i)
  const foreign = await fetch(`${url}${REPORTS}/kept/${html}`, { headers: await bearer(['admin'], 'globex') })
  assert.equal(foreign.status, 404)
})
