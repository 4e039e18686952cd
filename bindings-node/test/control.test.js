'use strict'

const assert = require('node:assert/strict')
const { existsSync, mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { before, test } = require('node:test')
const { Client, doctor, profile } = require('../index.js')
const { TIMEOUT_MS, isolate, listen } = require('./collector.js')

const LONG_MS = 3_600_000

before(isolate)

/** A folder for the consent of one test. */
function folder (t) {
  const home = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return join(home, 'state')
}

const record = (event) => ({ channel: 'app', event, payload: {} })

test('nothing is captured or made before the consent that is required', (t) => {
  const stateDir = folder(t)
  const client = new Client({
    client: { enabled: true, require_consent: true, endpoint: 'http://127.0.0.1:1', state_dir: stateDir }
  })
  assert.equal(client.track(record('early')), false)
  assert.equal(client.stats().disabled_by, 'consent')
  assert.equal(existsSync(stateDir), false)
})

test('who opts out and in again sends only what comes after', async (t) => {
  const { records, endpoint } = await listen(t)
  const client = new Client({
    client: { enabled: true, endpoint, state_dir: folder(t), flush_interval_ms: LONG_MS }
  })
  assert.equal(client.track(record('before')), true)
  await client.optOut({ source: 'settings' })
  assert.equal(client.track(record('between')), false)
  assert.equal(await client.optIn({ purposes: ['analytics'], noticeVersion: '2', source: 'settings' }), true)
  assert.equal(client.track(record('after')), true)
  assert.equal(await client.flush(TIMEOUT_MS), true)
  assert.deepEqual(records().map(({ event }) => event), ['after'])
  assert.equal(client.stats().dropped.consent, 1)
  const history = client.consentHistory().filter(({ event }) => event !== 'enabled_by_operator')
  assert.deepEqual(history.map(({ event }) => event), ['withdrawn', 'erased', 'granted'])
  assert.equal(history[2].notice_version, '2')
  assert.equal(client.consentVerify().broken_at, null)
  await client.shutdown()
})

test('a deletion survives the opt-out and is confirmed', async (t) => {
  const { requests, endpoint } = await listen(t)
  const client = new Client({
    privacy: { hash_identifiers: false }, client: { enabled: true, endpoint, state_dir: folder(t) }
  })
  await client.requestDeletion({ userId: 'ann', source: 'settings' })
  await client.optOut({ source: 'settings' })
  await client.shutdown(TIMEOUT_MS)
  assert.deepEqual(requests.map(({ url }) => url), ['/api/v1/telemetry/data/ann'])
  assert.deepEqual(client.status().deletions, { pending: 0, last_error: null })
  const events = client.consentHistory().map(({ event, source }) => [event, source])
  assert.ok(events.some(([event, source]) => event === 'deletion_confirmed' && source === 'receipt-1'))
  await assert.rejects(client.requestDeletion({ userId: '', source: 'x' }), { code: 'argument_invalid' })
  await assert.rejects(client.requestDeletion(), { code: 'argument_invalid' })
})

test('a wrong word is an error and changes nothing', async (t) => {
  const client = new Client({ client: { enabled: true, endpoint: 'http://127.0.0.1:1', state_dir: folder(t) } })
  await assert.rejects(client.optOut({ source: '' }), { code: 'argument_invalid', path: '/source' })
  await assert.rejects(client.optIn({ purposes: ['spying'], source: 'x' }), { code: 'argument_invalid' })
  await assert.rejects(client.optIn(), { code: 'argument_invalid' })
})

test('listeners are told what changes until they are removed', async (t) => {
  const stateDir = folder(t)
  const config = { client: { enabled: true, endpoint: 'http://127.0.0.1:1', state_dir: stateDir } }
  const [client, other] = [new Client(config), new Client(config)]
  const told = []
  // Listening keeps no process alive.
  const alive = setInterval(() => {}, TIMEOUT_MS)
  t.after(() => clearInterval(alive))
  const remove = await new Promise((resolve) => {
    const remove = client.addListener((change) => { told.push(change); resolve(remove) })
    other.optOut({ source: 'elsewhere' })
  })
  assert.deepEqual(told, [{ kind: 'consent', enabled: false, disabled_by: 'consent', changed: [] }])
  remove()
  assert.throws(() => client.addListener('nobody'), TypeError)
})

test('another configuration takes what is queued along', async (t) => {
  const { records, endpoint } = await listen(t)
  const client = new Client({
    client: { enabled: true, endpoint: 'http://127.0.0.1:1', state_dir: folder(t), flush_interval_ms: LONG_MS }
  })
  client.track(record('queued'))
  const changed = client.reconfigure({ client: { enabled: true, endpoint, flush_interval_ms: LONG_MS } })
  assert.deepEqual(changed.map(({ key }) => key), ['/client/state_dir', '/client/endpoint'])
  assert.equal(await client.flush(TIMEOUT_MS), true)
  assert.deepEqual(records().map(({ event }) => event), ['queued'])
  assert.throws(() => client.reconfigure({ client: { endpont: 'x' } }), { code: 'config_unknown_key' })
  await client.shutdown()
})

test('the status names who decided, and the doctor what to do', async (t) => {
  const config = profile('debug', { state_dir: folder(t), upload_enabled: true, endpoint: 'http://127.0.0.1:1' })
  const client = new Client(config)
  const row = client.status().values.find(({ key }) => key === '/client/endpoint')
  assert.deepEqual([row.value, row.source], ['http://127.0.0.1:1', 'code'])
  const report = await doctor(config)
  assert.equal(report.ok, false)
  assert.equal(report.checks.find(({ name }) => name === 'endpoint').state, 'failed')
  assert.throws(() => profile('staging'), { code: 'argument_invalid', path: '/profile' })
})
