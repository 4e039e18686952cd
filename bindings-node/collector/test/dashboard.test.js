'use strict'

/** The dashboard in a real browser, over a real collector with identity. */

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { test } = require('node:test')
const { Client } = require('scrubjay')
const { MISSING, executablePath, launch } = require('./browser.js')
const { AGGREGATE, BATCH, start } = require('./collector.js')

const TIMEOUT = { timeout: 60_000, skip: MISSING }
const KEY = 'fGq1Yb3vTz8KpWm5Xc7RnJd2HsLe9AuQ'
const PAGE = '/api/v1/telemetry/dashboard'
const HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** A token of tenant `acme`. */
async function token (roles, tenant = 'acme') {
  const { SignJWT } = await import('jose')
  return new SignJWT({ tenant_id: tenant, roles }).setProtectedHeader({ alg: 'HS256' }).setSubject('ann')
    .setExpirationTime('10m').sign(new TextEncoder().encode(KEY))
}

function span (name, id, parent, start, ms, status = 'ok') {
  return {
    schema: 'telemetry_span_v1',
    name,
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: id,
    ...(parent ? { parent_span_id: parent } : {}),
    kind: 'internal',
    timestamp: new Date(start).toISOString(),
    start_time_unix_nano: `${start}000000`,
    end_time_unix_nano: `${start + ms}000000`,
    status: { code: status }
  }
}

/** Events, metrics and a trace of the last minutes. */
function records () {
  const now = Date.now() - 120_000
  const events = Array.from({ length: 60 }, (_, i) => ({
    channel: i % 3 === 0 ? 'worker' : 'web', event: ['login', 'checkout', 'search'][i % 3], timestamp: new Date(now - i * 60_000).toISOString(), payload: { ms: i }
  }))
  const metric = (name, type, unit, value, i) =>
    ({ schema: 'telemetry_metric_v1', name, type, unit, value, attributes: {}, timestamp: new Date(now - i * 60_000).toISOString() })
  const frames = Array.from({ length: 40 }, (_, i) => metric('render.frame_time_ms', 'histogram', 'ms', 16 + (i % 7), i))
  const rates = Array.from({ length: 40 }, (_, i) => metric('render.fps', 'gauge', 'fps', 60 - (i % 9), i))
  return [
    ...events, ...frames, ...rates,
    { channel: HOSTILE, event: HOSTILE, timestamp: new Date(now).toISOString(), payload: {} },
    span('GET /orders', 'b7ad6b7169203331', undefined, now, 120),
    span('SELECT orders', '00f067aa0ba902b7', 'b7ad6b7169203331', now + 20, 60),
    span('render', '53995c3f42cd8ad8', 'b7ad6b7169203331', now + 85, 30, 'error'),
    { channel: 1 }
  ]
}

/** A collector with records, and a page of a browser. */
async function open (t, { roles = ['analyst'], viewport = { width: 1280, height: 900 }, env = {} } = {}) {
  const { url } = await start(t, { JWT_SECRET: KEY, TELEMETRY_PSEUDONYM_KEY: 'a key of thirty-two bytes, or so', ...env })
  const sent = await fetch(`${url}${BATCH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token(['ingest'])}` },
    body: JSON.stringify(records())
  })
  assert.equal(sent.status, 200)
  // What was accepted is seen from now on.
  await fetch(`${url}/api/v1/telemetry/metrics/aggregate?consistency=now`, { headers: { authorization: `Bearer ${await token(['viewer'])}` } })
  const browser = await launch(t)
  const page = await browser.newPage({ viewport })
  const faults = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()) })
  await page.goto(url + PAGE)
  if (roles !== null) await signIn(page, await token(roles))
  return { page, url, faults }
}

async function signIn (page, text) {
  await page.getByLabel('Token or API key').fill(text)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Waits until the collector has what the client says of itself. */
async function told (client, url) {
  const headers = { authorization: `Bearer ${await token(['viewer'])}` }
  for (;;) {
    await client.flush(5_000)
    const answer = await fetch(`${url}${AGGREGATE}?schema=telemetry_metric_v1&event=scrubjay.client.records&consistency=now`, { headers })
    const { buckets } = await answer.json()
    if (buckets.length > 0) return
  }
}

/** The 401 with which a browser learns that nobody is signed in. */
const isSignedOut = (text) => text.includes('401')

test('who has no session is asked for a token, and a wrong one is refused in words', TIMEOUT, async (t) => {
  const { page } = await open(t, { roles: null })
  await signIn(page, 'wrong')
  await page.getByRole('alert').filter({ hasText: 'not valid here' }).waitFor()
  assert.equal(await page.locator('section').count(), 1)
})

test('an analyst sees what was stored, and names of records are shown and not run', TIMEOUT, async (t) => {
  const { page, faults } = await open(t)
  const top = page.locator('#panel-top')
  await top.getByText('checkout').waitFor()
  await page.locator('#panel-metrics').getByText('render.frame_time_ms').waitFor()
  await page.locator('#panel-catalog').getByText('render.fps (fps)').waitFor()
  assert.match(await page.locator('#panel-rejected').innerText(), /Not kept\s+1/)
  await top.getByText('<img src=x', { exact: false }).first().waitFor()
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).hit), undefined)
  assert.equal(await page.locator('#panel-deletions').count(), 0, 'an analyst is no privacy officer')
  assert.deepEqual(faults.filter((text) => !isSignedOut(text)), [])
})

test('a click on a trace shows its spans, the failed one marked', TIMEOUT, async (t) => {
  const { page } = await open(t)
  await page.locator('#panel-traces').getByRole('button', { name: 'GET /orders' }).click()
  const waterfall = page.getByRole('list', { name: 'Spans of the trace, by their start' })
  await waterfall.waitFor()
  assert.deepEqual(await waterfall.getByRole('listitem').allInnerTexts(), ['GET /orders', 'SELECT orders', 'render (error)'])
})

test('the latest traces come first, also where one minute has more spans than a page', TIMEOUT, async (t) => {
  const { page, url } = await open(t)
  // The last whole minute, so that all stand in one interval of the last hour.
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 60_000
  const hex = (n, length) => n.toString(16).padStart(length, '0')
  const spans = Array.from({ length: 900 }, (_, i) => ({ ...span(`call ${i}`, hex(i + 1, 16), undefined, minute + i * 60, 5), trace_id: hex(i + 1, 32) }))
  const sent = await fetch(`${url}${BATCH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token(['ingest'])}` },
    body: JSON.stringify(spans)
  })
  assert.equal((await sent.json()).accepted, 900)
  await fetch(`${url}${AGGREGATE}?consistency=now`, { headers: { authorization: `Bearer ${await token(['viewer'])}` } })
  for (const range of ['1h', '30d']) {
    await page.getByLabel('Time range').selectOption(range)
    await page.getByRole('button', { name: 'Refresh now' }).click()
    await page.locator('#panel-traces').getByRole('button', { name: 'call 899', exact: true }).waitFor()
    assert.match(await page.locator('#panel-traces tbody tr').first().innerText(), /^call 899/, range)
  }
})

test('what was chosen stands in the address, and going back shows what was seen before', TIMEOUT, async (t) => {
  const { page } = await open(t)
  const top = page.locator('#panel-top')
  await top.getByRole('button', { name: 'checkout' }).click()
  await top.getByText('login').waitFor({ state: 'detached' })
  await page.waitForURL(/name=checkout/)
  await page.goBack()
  await top.getByText('login').waitFor()
  assert.equal(await page.getByLabel('Event or metric').inputValue(), '')
})

test('a chart goes on with new figures, and follows the theme', TIMEOUT, async (t) => {
  const { page } = await open(t)
  const canvas = page.locator('#panel-events canvas')
  await canvas.waitFor()
  await canvas.evaluate((one) => { /** @type {any} */ (window).before = one })
  const [first] = await Promise.all([canvas.evaluate((one) => one.toDataURL()), page.locator('#panel-top').getByText('checkout').waitFor()])
  await page.getByLabel('Time range').selectOption('1h')
  await page.waitForFunction((old) => {
    const now = document.querySelector('#panel-events canvas')
    return now !== null && now === /** @type {any} */ (window).before && now.toDataURL() !== old
  }, first)
  const hour = await canvas.evaluate((one) => one.toDataURL())
  await page.locator('#theme').click()
  await page.waitForFunction((old) => {
    const now = document.querySelector('#panel-events canvas')
    return now !== null && now.toDataURL() !== old
  }, hour)
})

test('a chosen event narrows the page and stands in its address', TIMEOUT, async (t) => {
  const { page } = await open(t)
  await page.locator('#panel-top').getByRole('button', { name: 'checkout' }).click()
  await page.waitForURL(/name=checkout/)
  await page.locator('#panel-top').getByText('login').waitFor({ state: 'detached' })
  await page.reload()
  await page.locator('#panel-top').getByText('checkout').waitFor()
  assert.equal(await page.locator('#panel-top').getByText('login').count(), 0)
})

test('roles decide what is shown: a privacy officer sees the audit trail and no events', TIMEOUT, async (t) => {
  const { page } = await open(t, { roles: ['privacy_officer'] })
  await page.locator('#panel-audit').getByText('unbroken').waitFor()
  assert.equal(await page.locator('#panel-events').count(), 0)
})

test('signing out ends the session, and its cookie is out of reach of scripts', TIMEOUT, async (t) => {
  const { page, url } = await open(t)
  await page.locator('#panel-top').getByText('checkout').waitFor()
  const [cookie] = await page.context().cookies()
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict'])
  assert.equal(await page.evaluate(() => document.cookie), '')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Token or API key').waitFor()
  const after = await fetch(`${url}${PAGE}/overview`, { headers: { cookie: `${cookie.name}=${cookie.value}` } })
  assert.equal(after.status, 401)
})

test('the report of the day is a page that says what was stored, and runs nothing', TIMEOUT, async (t) => {
  const { page, faults } = await open(t)
  await page.getByRole('link', { name: 'Report of the day' }).click()
  await page.waitForURL(/format=html/)
  await page.getByText('checkout').first().waitFor()
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).hit), undefined)
  assert.deepEqual(faults.filter((text) => !isSignedOut(text)), [])
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/report.png`, fullPage: true })
})

test('a report is made with its progress shown, and saved as PDF', { ...TIMEOUT, timeout: 90_000 }, async (t) => {
  const { page } = await open(t, { env: { TELEMETRY_REPORT_CHROMIUM: executablePath } })
  const panel = page.locator('#panel-reports')
  await panel.getByLabel('Format').selectOption('pdf')
  await panel.getByRole('button', { name: 'Make the report' }).click()
  await panel.getByRole('progressbar', { name: 'How far the report is' }).waitFor()
  const link = panel.getByRole('link', { name: 'Save telemetry-daily.pdf' })
  await link.waitFor({ timeout: 60_000 })
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  assert.equal(readFileSync(await download.path()).subarray(0, 5).toString(), '%PDF-')
})

test('a table sorts by a click on a column, and says so', TIMEOUT, async (t) => {
  const { page } = await open(t)
  const table = page.locator('#panel-top')
  await table.getByText('checkout').waitFor()
  await table.getByRole('button', { name: 'Event', exact: true }).click()
  const names = async () => (await table.locator('tbody tr td:first-child').allInnerTexts()).slice(-3)
  assert.deepEqual(await names(), ['checkout', 'login', 'search'])
  assert.equal(await table.getByRole('columnheader', { name: 'Event' }).getAttribute('aria-sort'), 'ascending')
  await table.getByRole('button', { name: 'Event', exact: true }).click()
  assert.deepEqual((await table.locator('tbody tr td:first-child').allInnerTexts()).slice(0, 3), ['search', 'login', 'checkout'])
})

test('a collector that is gone is said once, and what it said before stays until it answers again', TIMEOUT, async (t) => {
  const { page } = await open(t)
  await page.locator('#panel-top').getByText('checkout').waitFor()
  await page.route('**/metrics/aggregate**', (route) => route.abort())
  await page.getByRole('button', { name: 'Refresh now' }).click()
  const banner = page.getByRole('alert').filter({ hasText: 'did not answer' })
  await banner.waitFor()
  assert.equal(await page.locator('#panel-top.stale').getByText('checkout').count(), 1)
  await page.unroute('**/metrics/aggregate**')
  await banner.getByRole('button', { name: 'Try again' }).click()
  await banner.waitFor({ state: 'hidden' })
  assert.equal(await page.locator('.stale').count(), 0)
})

test('the whole page is reached and used by the keyboard', TIMEOUT, async (t) => {
  const { page } = await open(t, { roles: ['admin'] })
  await page.locator('#panel-audit').getByText('unbroken').waitFor()
  await page.getByRole('checkbox', { name: 'Refresh every 10 s' }).uncheck()
  // Whoever comes anew begins at the top.
  await page.reload()
  await page.locator('#panel-audit').getByText('unbroken').waitFor()
  await page.locator('[aria-busy]').first().waitFor({ state: 'detached' })
  const reached = []
  for (let i = 0; i < 90; i++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(() => {
      const { activeElement: one } = document
      const { width, height } = one.getBoundingClientRect()
      return { name: one.id || one.getAttribute('aria-label') || one.textContent, isSeen: width > 0 && height > 0, outline: getComputedStyle(one).outlineStyle, tag: one.tagName }
    })
    if (at.tag === 'BODY') break
    reached.push(at)
  }
  const names = reached.map(({ name }) => name)
  for (const name of ['Skip to the figures', 'theme', 'range', 'channel', 'name', 'Top events', 'checkout', 'As a table', 'GET /orders', 'Make the report', 'Audit trail']) {
    assert.ok(names.includes(name), `${name} is not reached: ${names.join(', ')}`)
  }
  assert.deepEqual(reached.filter(({ isSeen, outline }) => !isSeen || outline === 'none'), [])
  await page.getByRole('button', { name: 'GET /orders' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('list', { name: 'Spans of the trace, by their start' }).waitFor()
})

test("a client's own books stand there as the client has them: delivered, dropped by reason", TIMEOUT, async (t) => {
  const { page, url } = await open(t)
  const config = { enabled: true, endpoint: url, api_key: await token(['ingest']) }
  const client = new Client({ client: config })
  for (let i = 0; i < 5; i++) client.track({ channel: 'app', event: 'login', payload: {} })
  for (let i = 0; i < 2; i++) client.track({ channel: 'app', payload: {} })
  assert.equal(await client.flush(5_000), true)
  // Switched on now, so that the first telling has all of it; the next would come in a minute.
  client.reconfigure({ client: { ...config, self_metrics: true } })
  await told(client, url)
  await page.getByRole('button', { name: 'Refresh now' }).click()
  const panel = page.locator('#panel-clients')
  // The empty panel speaks of what was delivered, too.
  await panel.locator('tbody tr').first().waitFor()
  const rows = await panel.locator('tbody tr').allInnerTexts()
  assert.deepEqual(rows.map((row) => row.split(/\s+/)), [['Delivered', '5'], ['Dropped', 'invalid', '2']])
  assert.equal(client.stats().dropped.invalid, 2)
  assert.match(await panel.innerText(), /Of these lost\s+28\.6/)
  await client.shutdown(1_000)
})

test('what this collector had to replace stands there by rule', TIMEOUT, async (t) => {
  const { page, url } = await open(t)
  const sent = await fetch(`${url}${BATCH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token(['ingest'])}` },
    body: JSON.stringify([1, 2].map(() => ({ channel: 'app', event: 'login', timestamp: new Date().toISOString(), payload: { mail: 'ann@example.com' } })))
  })
  assert.equal((await sent.json()).accepted, 2)
  await page.getByRole('button', { name: 'Refresh now' }).click()
  await page.locator('#panel-redactions').getByText('email').waitFor()
  assert.deepEqual((await page.locator('#panel-redactions tbody tr').allInnerTexts()).map((row) => row.split(/\s+/)), [['email', '2']])
})

test('a cookie alone changes nothing', TIMEOUT, async (t) => {
  const { page, url } = await open(t, { roles: ['admin'] })
  await page.locator('#panel-top').getByText('checkout').waitFor()
  const [cookie] = await page.context().cookies()
  const forged = await fetch(`${url}/api/v1/telemetry/data/u1`, { method: 'DELETE', headers: { cookie: `${cookie.name}=${cookie.value}` } })
  assert.equal(forged.status, 403)
})

for (const [name, viewport, theme] of [['a desktop in light', { width: 1280, height: 900 }, 'light'], ['a phone in dark', { width: 390, height: 844 }, 'dark']]) {
  test(`axe finds nothing serious on ${name}, and nothing is wider than the page`, TIMEOUT, async (t) => {
    const { page } = await open(t, { viewport, roles: ['admin'] })
    await page.locator('#panel-top').getByText('checkout').waitFor()
    const current = await page.evaluate(() => document.documentElement.dataset.theme)
    if (current !== theme) await page.getByRole('button', { name: 'Dark' }).click()
    await page.locator('section[aria-busy]').first().waitFor({ state: 'detached' })
    await page.locator('#panel-catalog').getByText('render.fps (fps)').waitFor()
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/dashboard-${theme}.png`, fullPage: true })
    await page.evaluate(AXE)
    const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run())
    const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [])
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)
  })
}
