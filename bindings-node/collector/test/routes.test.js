'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { AGGREGATE, BATCH, EVENTS, build, event, post } = require('./collector.js')

async function figures (app, query) {
  const response = await app.inject({ url: AGGREGATE, query: { consistency: 'now', ...query } })
  assert.equal(response.statusCode, 200, response.body)
  return response.json().buckets
}

test('an aggregate equals what was sent', async (t) => {
  const { app } = build(t)
  await post(app, BATCH, [1, 2, 3, 4].map((ms) => event(ms < 4 ? 'fast' : 'slow', { ms, host: 'a' })))
  assert.deepEqual(await figures(app, {}), [{ group: {}, count: 4 }])
  assert.deepEqual(await figures(app, { field: '/payload/ms', aggregation: 'count,sum,max', group_by: 'event' }), [
    { group: { event: 'fast' }, count: 3, sum: 6, max: 3 },
    { group: { event: 'slow' }, count: 1, sum: 4, max: 4 }
  ])
  assert.deepEqual(await figures(app, { event: 'slow', channel: 'app', group_by: 'channel,/payload/host' }), [
    { group: { channel: 'app', '/payload/host': 'a' }, count: 1 }
  ])
  assert.deepEqual(await figures(app, { start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-02T00:00:00Z' }), [])
  const [bucket] = await figures(app, { interval: '1d', limit: 1 })
  assert.equal(new Date(bucket.start).getUTCHours(), 0)
})

test('a wrong parameter is 400 argument_invalid and quotes no value', async (t) => {
  const { app } = build(t)
  const wrong = [
    { interval: 'secret1' }, { aggregation: 'count,secret1' }, { aggregation: 'avg' }, { limit: 'secret1' },
    { limit: 0 }, { limit: 1e9 }, { start_time: 'secret1' },
    { group_by: "event'; DROP TABLE secret1" }, { intervall: '1h' },
    { field: 'secret1', aggregation: 'sum' }, { aggregation: '' }, { tenant: 'secret1' }
  ]
  for (const query of wrong) {
    const response = await app.inject({ url: AGGREGATE, query })
    assert.equal(response.statusCode, 400, JSON.stringify(query))
    assert.equal(response.json().error.code, 'argument_invalid')
    assert.doesNotMatch(response.body, /secret1/)
  }
})

test('a wrong parameter is named, with what would be right', async (t) => {
  const { app } = build(t)
  const said = async (query) => (await app.inject({ url: AGGREGATE, query })).json().error.message
  assert.match(await said({ intervall: '1h' }), /^no parameter intervall is known here; there are .*\binterval\b/)
  assert.match(await said({ 'ann@example.com': '1' }), /^no parameter is known here; there are /)
  assert.equal(await said({ limit: 'secret1' }), 'parameter limit must be integer')
  const exported = await app.inject({ url: '/api/v1/telemetry/metrics/export', query: { format: 'secret1' } })
  assert.match(exported.json().error.message, /^parameter format must be one of .*csv/)
})

test('Q1, Q2: a question that is no question, or too large a one, is 400 or is answered soon', async (t) => {
  const { app } = build(t)
  await post(app, BATCH, [event('a', { ms: 1 })])
  const hostile = ["'; DROP TABLE telemetry_events--", '1 OR 1=1', '%%%', '../x', 'a\u0000b', '$.x', '__proto__', '/payload/~9']
  for (const name of ['group_by', 'aggregation', 'interval', 'order_by', 'field', 'schema', 'trace_id', 'top', 'consistency']) {
    for (const value of hostile) {
      const { statusCode, body } = await app.inject({ url: AGGREGATE, query: { [name]: value } })
      assert.ok([200, 400].includes(statusCode), `${name}=${value}: ${statusCode} ${body}`)
      if (statusCode === 200) assert.equal(name, 'group_by', `${name}=${value}`)
    }
  }
  const begun = performance.now()
  const wide = { start_time: '2016-01-01T00:00:00Z', end_time: '2026-12-31T00:00:00Z', interval: '1m' }
  const { statusCode } = await app.inject({ url: AGGREGATE, query: wide })
  assert.ok([200, 400].includes(statusCode))
  assert.ok(performance.now() - begun < 5_000)
  assert.equal((await app.inject({ url: AGGREGATE, query: { consistency: 'now' } })).json().buckets[0].count, 1)
})

test('health says that the process lives, ready that the store answers', async (t) => {
  const { app, store } = build(t)
  assert.equal((await app.inject('/health')).json().status, 'ok')
  assert.equal((await app.inject('/ready')).statusCode, 200)
  store.close()
  assert.equal((await app.inject('/health')).statusCode, 200)
  const unready = await app.inject('/ready')
  assert.equal(unready.statusCode, 503)
  assert.equal(unready.json().error.code, 'closed')
})

test('an unknown route is 404 in the same shape', async (t) => {
  const { app } = build(t)
  const response = await app.inject('/api/v1/telemetry/nothing?email=ann@example.com')
  assert.equal(response.statusCode, 404)
  assert.equal(response.json().error.code, 'not_found')
  assert.equal((await app.inject('/%zz')).json().error.code, 'bad_request')
})

test('a failure of the collector itself is 500 without details, and is logged', async (t) => {
  const wrap = (store) => ({ ...store, aggregateText: async () => { throw new Error('secret detail') }, auditAppend: async () => {} })
  const { app, lines } = build(t, {}, { wrap })
  const response = await app.inject(AGGREGATE)
  assert.deepEqual([response.statusCode, response.json().error.code], [500, 'internal'])
  assert.doesNotMatch(response.body, /secret detail/)
  assert.equal(lines.filter(({ msg }) => msg === 'request failed').length, 1)
})

test('the counters say what became of every sample', async (t) => {
  const { app, metrics } = build(t)
  await post(app, EVENTS, event('a', { to: 'ann@example.com' }))
  await post(app, EVENTS, { channel: 'app', payload: {} })
  await post(app, BATCH, [event('a', { to: 'ann@example.com' }), { channel: 'app', payload: {} }, 5])
  const text = await metrics.text()
  for (const line of [
    'telemetry_samples_received_total 5',
    'telemetry_samples_rejected_total{reason="required"} 2',
    'telemetry_samples_rejected_total{reason="not_object"} 1',
    'telemetry_samples_rejected_total{reason="json_invalid"} 0',
    'telemetry_redactions_total{rule="email"} 2',
    'telemetry_opt_out_ratio 0',
    'telemetry_ingestion_latency_ms_count 2'
  ]) assert.ok(text.split('\n').includes(line), line)
  assert.match(text, /^process_cpu_seconds_total /m)
})

test('logs carry no bodies, addresses or query strings', async (t) => {
  const { app, lines } = build(t)
  const payload = { to: 'ann@example.com', password: 'hunter2' }
  await post(app, EVENTS, event('a', payload), { authorization: 'Bearer abc', 'user-agent': 'spy/1' })
  await post(app, EVENTS, '{"to":"ann@example.com"')
  await app.inject(`${AGGREGATE}?user_id=ann@example.com`)
  await app.inject('/ann@example.com?q=hunter2')
  const requests = lines.filter(({ msg }) => msg === 'request')
  assert.deepEqual(requests.map(({ method, route, status }) => [method, route, status]), [
    ['POST', EVENTS, 200], ['POST', EVENTS, 400], ['GET', AGGREGATE, 200], ['GET', undefined, 404]
  ])
  assert.doesNotMatch(JSON.stringify(lines), /ann@|hunter2|127\.0\.0\.1|Bearer|spy/)
})
