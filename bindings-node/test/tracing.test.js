'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { before, test } = require('node:test')
const { Client, currentSpan, currentTraceparent, readTraceparent, withContext } = require('../index.js')
const { TIMEOUT_MS, isolate, listen } = require('./collector.js')

before(isolate)

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`
const event = (name) => ({ channel: 'app', event: name, payload: {} })
const named = (records, name) => records.find((record) => record.event === name || record.name === name)

/** A client, and what it delivered. */
async function start (t) {
  const { endpoint, records } = await listen(t)
  const client = new Client({ client: { enabled: true, endpoint } })
  t.after(() => client.shutdown())
  return { client, delivered: async () => { assert.ok(await client.flush(TIMEOUT_MS)); return records() } }
}

test('what is tracked in a span carries its ids, through callbacks and promises', async (t) => {
  const { client, delivered } = await start(t)
  client.track(event('before'))
  const result = await client.span('work', { kind: 'producer', attributes: { jobs: 2 } }, async (span) => {
    assert.equal(currentSpan(), span)
    await new Promise((resolve) => setTimeout(resolve, 1))
    client.track(event('inside'))
    client.trackChecked(event('checked'))
    client.span('child', () => client.track(event('deep')))
    return 'result'
  })
  client.track(event('after'))
  assert.equal(result, 'result')
  assert.equal(currentSpan(), undefined)
  const records = await delivered()
  const [work, child] = [named(records, 'work'), named(records, 'child')]
  assert.deepEqual([work.kind, work.attributes, work.parent_span_id], ['producer', { jobs: 2 }, undefined])
  assert.deepEqual([child.trace_id, child.parent_span_id], [work.trace_id, work.span_id])
  for (const [name, span] of [['inside', work], ['checked', work], ['deep', child]]) {
    assert.deepEqual(named(records, name).context, { trace_id: span.trace_id, span_id: span.span_id }, name)
  }
  for (const name of ['before', 'after']) assert.equal(named(records, name).context, undefined)
  const times = [work.start_time_unix_nano, child.start_time_unix_nano, child.end_time_unix_nano, work.end_time_unix_nano]
  assert.deepEqual(times.map(BigInt), times.map(BigInt).sort((a, b) => (a < b ? -1 : 1)))
})

test('two requests at a time do not see each other', async (t) => {
  const { client, delivered } = await start(t)
  await Promise.all(['a', 'b'].map((name) => withContext({ request_id: name, user_id: name }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    client.track(event(name))
    withContext({ route_name: '/x' }, () => client.track({ ...event(`${name}2`), context: { request_id: 'own' } }))
  })))
  const records = await delivered()
  for (const name of ['a', 'b']) {
    assert.deepEqual(named(records, name).context, { request_id: name })
    assert.deepEqual(named(records, `${name}2`).context, { request_id: 'own', route_name: '/x' })
    assert.equal(named(records, name).user_id, '[identifier]')
  }
})

test('a caller\'s traceparent goes in and the span\'s comes out', async (t) => {
  const { client, delivered } = await start(t)
  const out = client.span('served', { traceparent: PARENT }, () => currentTraceparent())
  const { trace_id: traceId, span_id: spanId, flags } = readTraceparent(out)
  assert.deepEqual([traceId, flags], [TRACE, 1])
  withContext({ traceparent: PARENT }, () => {
    assert.equal(currentTraceparent(), PARENT)
    client.track(event('of the caller'))
  })
  const records = await delivered()
  const { trace_id: trace, span_id: span, parent_span_id: parent } = named(records, 'served')
  assert.deepEqual([trace, span, parent], [TRACE, spanId, 'b7ad6b7169203331'])
  assert.deepEqual(named(records, 'of the caller').context, { trace_id: TRACE, span_id: 'b7ad6b7169203331' })
  assert.equal(readTraceparent('nonsense'), null)
  assert.equal(readTraceparent(undefined), null)
  assert.notEqual(client.span('root', { traceparent: 'nonsense' }, (root) => root.traceId), TRACE)
})

test('an error ends its span with a scrubbed exception, and reaches the host', async (t) => {
  const { client, delivered } = await start(t)
  const error = new TypeError('no such user: ann@example.com')
  assert.throws(() => client.span('sync', () => { throw error }), error)
  await assert.rejects(client.span('async', async () => { throw error }), error)
  const records = await delivered()
  for (const name of ['sync', 'async']) {
    const { status, events: [exception] } = named(records, name)
    assert.equal(status.code, 'error')
    assert.equal(exception.name, 'exception')
    assert.equal(exception.attributes['exception.type'], 'TypeError')
    assert.equal(exception.attributes['exception.message'], 'no such user: [email]')
  }
  assert.ok(!JSON.stringify(records).includes('ann@example.com'))
})

test('a span that the host ends says what was set, once, within bounds', async (t) => {
  const { client, delivered } = await start(t)
  const span = client.startSpan('first')
  assert.equal(currentSpan(), undefined)
  assert.equal(span.run(currentSpan), span)
  for (let n = 0; n < 200; n++) span.setAttribute(`a${n}`, n).addEvent('tick', { n })
  span.updateName('second').setStatus('ok').end()
  span.end()
  span.setAttribute('late', 1).updateName('third')
  const records = await delivered()
  assert.equal(records.length, 1)
  const [{ name, status, attributes, events, dropped_attributes_count: attributesLost, dropped_events_count: eventsLost }] = records
  assert.deepEqual([name, status.code], ['second', 'ok'])
  assert.deepEqual([Object.keys(attributes).length, attributesLost], [128, 72])
  assert.deepEqual([events.length, eventsLost], [128, 72])
})

test('a client that is off runs what it is given, makes no ids and passes the caller\'s on', () => {
  const client = new Client()
  client.span('quiet', (span) => {
    assert.deepEqual([span.isRecording, span.traceparent, currentTraceparent()], [false, '', undefined])
  })
  client.span('quiet', { traceparent: PARENT }, () => assert.equal(currentTraceparent(), PARENT))
  assert.throws(() => client.span('quiet'), { code: 'argument_invalid', path: '/fn' })
})

test('a record that throws while its context is added is counted and harms nobody', async (t) => {
  const { client, delivered } = await start(t)
  withContext({ request_id: 'r' }, () => {
    for (const record of [{ get a () { throw new Error('no') } }, null, 5, ['x'], { toJSON () { throw new Error('no') } }]) {
      assert.equal(client.track(record), true)
    }
    client.track({ toJSON: () => event('made') })
    client.track({ ...event('odd'), context: 'text' })
  })
  const records = await delivered()
  assert.deepEqual(records.map(({ event, context }) => [event, context]), [['made', { request_id: 'r' }]])
  assert.equal(client.stats().dropped.invalid, 6)
})

test('measurements are added up by name and attributes', async (t) => {
  const { client, delivered } = await start(t)
  const jobs = client.counter('jobs', { unit: '{job}' })
  assert.ok(jobs.add() && jobs.add(2) && jobs.add(5, { queue: 'mail' }))
  assert.ok(client.gauge('temperature').record(20.5) && client.upDownCounter('open').add(-1))
  const timer = client.timer('duration')
  assert.ok(timer.stop() >= 0)
  timer.stop()
  assert.ok(client.measure({ name: 'jobs', type: 'counter', value: 1, unit: '{job}' }))
  const records = await delivered()
  const values = records.filter(({ name }) => name === 'jobs').map(({ value, attributes }) => [value, attributes?.queue])
  assert.deepEqual(values.sort(), [[4, undefined], [5, 'mail']])
  assert.equal(named(records, 'temperature').value, 20.5)
  assert.equal(named(records, 'open').value, -1)
  assert.ok(JSON.stringify(named(records, 'duration')).includes('"count":1'))
})

test('what is no measurement is refused, by instruments without an error', async (t) => {
  const { client } = await start(t)
  const cycle = {}
  cycle.self = cycle
  const jobs = client.counter('jobs')
  for (const [value, attributes] of [[-1], [NaN], [Infinity], ['1'], [1n], [1, cycle]]) {
    assert.equal(jobs.add(value, attributes), false)
  }
  const told = once(process, 'warning')
  assert.equal(client.measure({ name: 'jobs', type: 'summary', value: 1 }), false)
  assert.equal(client.measure(undefined), false)
  const [{ name, message }] = await told
  assert.equal(name, 'TelemetryWarning')
  assert.match(message, /measurements? (was|were) not taken/)
})

test('a preview is the next body, and sends nothing', async (t) => {
  const { client, delivered } = await start(t)
  client.track({ ...event('login'), payload: { to: 'ann@example.com' } })
  const [{ to, records, body, body_encoding: encoding }] = client.preview()
  assert.match(to, /\/events\/batch$/)
  assert.deepEqual([records, encoding], [1, 'utf-8'])
  assert.deepEqual(JSON.parse(body), await delivered())
  assert.deepEqual(client.preview(), [])
})
