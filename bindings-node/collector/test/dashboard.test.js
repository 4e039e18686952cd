'use strict'

/** The dashboard in a real browser, over a real collector with identity. */

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { test } = require('node:test')
const { Client } = require('scrubjay')
const { executablePath } = require('./browser.js')
const { AGGREGATE, BATCH } = require('./collector.js')
const { PAGE, TIMEOUT, open, signIn, token } = require('./page.js')

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

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
