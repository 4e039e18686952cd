'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const {
  Engine, codes, metricsCatalog, panicForTest, schemas, sealKeypair, unseal, version
} = require('../index.js')

const RECORD = { timestamp: '2026-01-02T03:04:05Z', channel: 'app', event: 'login', payload: { to: 'ann@example.com' } }

test('a record is given as an object, as text or as bytes, with one outcome', () => {
  const engine = new Engine()
  const text = JSON.stringify(RECORD)
  const expected = engine.processText(text)
  for (const record of [RECORD, Buffer.from(text), new TextEncoder().encode(text)]) {
    assert.equal(engine.processText(record), expected)
    assert.deepEqual(engine.process(record), JSON.parse(expected))
  }
})

test('personal data gives way to a token and the redaction says where', () => {
  const { status, redactions, record } = new Engine({}).process(RECORD)
  assert.equal(status, 'accepted')
  assert.deepEqual(redactions, [{ path: '/payload/to', rule: 'email', action: 'replace' }])
  assert.equal(record.payload.to, '[email]')
})

test('an explanation names what was changed and what was kept', () => {
  const { status, decisions } = new Engine().explain({ ...RECORD, payload: { to: 'ann@example.com', phone: 'iPhone 15' } })
  assert.equal(status, 'accepted')
  assert.deepEqual(decisions, [
    { path: '/payload/to', rule: 'email', action: 'replace', reason: 'mode' },
    { path: '/payload/phone', rule: 'phone', action: 'keep', reason: 'form' }
  ])
})

test('what is sealed can be opened by the owner of the key', () => {
  const pair = sealKeypair()
  const seal = { public_key: pair.public_key, rules: ['email'] }
  const { text } = new Engine({ privacy: { pseudonym_key: 'k'.repeat(16), seal } }).scrubText('to ann@example.com')
  assert.deepEqual(unseal(pair.secret_key, text), { opened: 1, failed: 0, text: 'to ann@example.com' })
  assert.throws(() => unseal('no key', text), { code: 'argument_invalid', path: '/secret_key' })
})

test('a malformed record is an outcome, not an error', () => {
  const engine = new Engine()
  const cycle = {}
  cycle.self = cycle
  assert.equal(engine.process('{').violations[0].code, 'json_invalid')
  assert.equal(engine.process(cycle).violations[0].code, 'json_invalid')
  assert.equal(engine.process({ ...RECORD, payload: { ratio: NaN } }).status, 'rejected')
  assert.equal(engine.process({ ...RECORD, channel: undefined }).violations[0].code, 'required')
})

test('the exact text keeps the digits of integers beyond 2^53', () => {
  const text = new Engine().processText({ ...RECORD, payload: { ns: 1767323045123456789n } })
  assert.match(text, /"ns":1767323045123456789/)
})

test('an absent id and time come from the stamp, or from the clock', () => {
  const engine = new Engine()
  const { timestamp, ...bare } = RECORD
  const stamp = { now: timestamp, random: '00112233445566778899' }
  const stamped = engine.process(bare, stamp)
  assert.deepEqual(engine.process(bare, JSON.stringify(stamp)), stamped)
  assert.match(stamped.id, /^[0-9a-f-]{36}$/)
  assert.equal(engine.process(bare).violations[0].path, '/timestamp')
  const now = Date.parse(engine.processNow(bare).record.timestamp)
  assert.ok(Math.abs(Date.now() - now) < 60_000)
})

test('text and documents are scrubbed outside records too', () => {
  const engine = new Engine()
  assert.deepEqual(engine.scrubText('mail ann@example.com').text, 'mail [email]')
  assert.deepEqual(engine.scrubJson({ a: ['ann@example.com'] }).json, { a: ['[email]'] })
  assert.deepEqual(engine.scrubJson('[1').json, null)
})

test('a wrong configuration throws an Error with code and path', () => {
  assert.throws(() => new Engine({ privacy: { moed: 'strict' } }), (error) => {
    assert.ok(error instanceof Error)
    assert.equal(error.code, 'config_unknown_key')
    assert.equal(error.path, '/privacy/moed')
    assert.match(error.message, /did you mean \/privacy\/mode\?/)
    return true
  })
  assert.throws(() => new Engine('['), { code: 'config_invalid', path: '' })
})

test('a wrong argument throws argument_invalid and quotes no value', () => {
  const engine = new Engine()
  assert.throws(() => engine.process(RECORD, '{"now":"secret"}'), { code: 'argument_invalid' })
  assert.throws(() => engine.scrubText(4111), (error) => {
    assert.equal(error.code, 'argument_invalid')
    assert.equal(error.path, '/text')
    assert.doesNotMatch(error.message, /4111/)
    return true
  })
})

test('a panic in the engine is an Error with code internal, and the host goes on', () => {
  assert.throws(panicForTest, { code: 'internal', path: '' })
  assert.equal(new Engine().process(RECORD).status, 'accepted')
})

test('schemas and the metrics catalog are those of the engine', () => {
  assert.equal(schemas().telemetry_trace_v1?.title, 'telemetry_trace_v1')
  assert.equal(metricsCatalog().find(({ name }) => name === 'cursor.latency_us')?.unit, 'μs')
})

test('codes and version are those of the engine', () => {
  assert.ok(codes().errors.includes('config_unknown_key'))
  assert.ok(codes().rules.includes('email'))
  assert.equal(version(), require('../package.json').version)
})
