'use strict'

/** The dashboard over a collector with identity and some records, in a real browser: for the tests of it. */

const assert = require('node:assert/strict')
const { MISSING, launch } = require('./browser.js')
const { BATCH, start } = require('./collector.js')

const TIMEOUT = { timeout: 60_000, skip: MISSING }
const KEY = 'fGq1Yb3vTz8KpWm5Xc7RnJd2HsLe9AuQ'
const PAGE = '/api/v1/telemetry/dashboard'
const HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'

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

module.exports = { PAGE, TIMEOUT, open, signIn, span, token }
