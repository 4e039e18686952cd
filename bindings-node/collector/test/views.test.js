'use strict'

/** What the dashboard shows after a choice: filters, tables, charts, traces. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { AGGREGATE, BATCH } = require('./collector.js')
const { TIMEOUT, open, span, token } = require('./page.js')

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

test('where there are more names than an answer holds, the greatest and the kinds are asked for apart', TIMEOUT, async (t) => {
  const { page } = await open(t)
  await page.locator('#panel-top').getByText('checkout').waitFor()
  // As the collector answers beyond its limit; some names, and not the greatest.
  const isNames = (url) => url.searchParams.get('group_by') === 'schema,channel,event' && !url.searchParams.has('top')
  await page.route(isNames, (route) => route.fulfill({ json: { buckets: [{ group: { schema: 'telemetry_event_v1', channel: 'a', event: 'rare' }, count: 1 }], truncated: true } }))
  const [asked] = await Promise.all([
    page.waitForResponse((response) => response.url().includes('top=12')),
    page.getByRole('button', { name: 'Refresh now' }).click()
  ])
  assert.equal((await asked.json()).truncated, false)
  await page.locator('#panel-top[aria-busy]').waitFor({ state: 'detached' })
  assert.match(await page.locator('#panel-top tbody').innerText(), /checkout/)
  assert.match(await page.locator('#panel-headline').innerText(), /Events\s+61/)
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
