'use strict'

/** The receiver of OTLP, by OpenTelemetry's own packages and byte by byte. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { gzipSync } = require('node:zlib')
const { Client } = require('scrubjay')
const { SECRET, bearer, build, post } = require('./collector.js')

for (const name of ['DO_NOT_TRACK', 'OTEL_SDK_DISABLED', 'TELEMETRY_ENABLED']) delete process.env[name]

const RECORDS = '/api/v1/telemetry/records'
const TIMEOUT = { timeout: 30_000 }
const PROTOBUF = { 'content-type': 'application/x-protobuf' }

async function stored (app, store, schema, more = {}) {
  await store.settle()
  const response = await app.inject({ url: RECORDS, query: { schema, ...more } })
  assert.equal(response.statusCode, 200, response.body)
  return response.json().records
}

function logs (...records) {
  return { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] }
}

for (const encoding of ['proto', 'http']) {
  test(`logs, metrics and traces of OpenTelemetry's packages are stored scrubbed (${encoding})`, TIMEOUT, async (t) => {
    const { app, store } = build(t)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const url = (signal) => `http://127.0.0.1:${app.server.address().port}/v1/${signal}`
    const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base')
    const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs')
    const { MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics')
    const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${encoding}`)
    const { OTLPLogExporter } = require(`@opentelemetry/exporter-logs-otlp-${encoding}`)
    const { OTLPMetricExporter } = require(`@opentelemetry/exporter-metrics-otlp-${encoding}`)

    const traces = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: url('traces') }))]
    })
    const span = traces.getTracer('t').startSpan('GET /', { kind: 1, attributes: { 'user.id': 'u', mail: 'ann@example.com' } })
    const { traceId } = span.spanContext()
    span.end()
    const logger = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter({ url: url('logs') }) })]
    })
    logger.getLogger('l').emit({
      severityNumber: 17, body: 'failed for ann@example.com', eventName: 'pay.failed', attributes: { n: 2 ** 40, d: 0.5 }
    })
    const meters = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: url('metrics') }) })]
    })
    const meter = meters.getMeter('m')
    meter.createCounter('orders').add(3, { shop: 'a' })
    meter.createHistogram('latency').record(12.5)
    await Promise.all([traces.forceFlush(), logger.forceFlush(), meters.forceFlush()])

    const [stem] = await stored(app, store, 'telemetry_span_v1')
    assert.equal(stem.trace_id, traceId)
    assert.deepEqual([stem.name, stem.kind, stem.attributes.mail], ['GET /', 'server', '[email]'])
    assert.match(stem.user_id, /^\[hash:/)
    const [log] = await stored(app, store, 'telemetry_log_v1')
    assert.deepEqual([log.level, log.event_type, log.message], ['error', 'pay.failed', 'failed for [email]'])
    assert.deepEqual([log.metadata.n, log.metadata.d], [2 ** 40, 0.5])
    const metrics = await stored(app, store, 'telemetry_metric_v1')
    const by = Object.fromEntries(metrics.map((metric) => [metric.name, metric]))
    assert.deepEqual([by.orders.type, by.orders.value, by.orders.attributes.shop], ['counter', 3, 'a'])
    assert.deepEqual([by.latency.type, by.latency.count, by.latency.sum], ['histogram', 1, 12.5])
    await Promise.all([traces.shutdown(), logger.shutdown(), meters.shutdown()])
  })
}

test('what our own client exports as OTLP comes back as the record that it was', TIMEOUT, async (t) => {
  for (const protocol of ['http/protobuf', 'http/json']) {
    const { app, store } = build(t)
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const client = new Client({ client: { enabled: true, endpoint: url, export: { exporter: 'otlp', protocol } } })
    const id = '01940000-0000-7000-8000-000000000001'
    const record = { id, channel: 'app', event: 'sign.up', payload: { mail: 'ann@example.com', n: 5, d: 1.5, o: { a: [1] } } }
    client.track(record)
    assert.equal(await client.flush(10_000), true)
    await client.shutdown()
    const [back] = await stored(app, store, 'telemetry_event_v1')
    assert.deepEqual([back.id, back.channel, back.event], [id, 'app', 'sign.up'])
    assert.deepEqual(back.payload, { mail: '[email]', n: 5, d: 1.5, o: { a: [1] } })
  }
})

test('a double that comes as JSON keeps every digit', TIMEOUT, async (t) => {
  const { app, store } = build(t)
  // Written as JavaScript and Python write them; a reader that is merely near changes each.
  const doubles = [0.19374725804511406, 0.41100000000000003, 0.9879210494771331, 1.7976931348623157e308]
  const attributes = doubles.map((doubleValue, i) => ({ key: `d${i}`, value: { doubleValue } }))
  assert.equal((await post(app, '/v1/logs', logs({ attributes }))).statusCode, 200)
  const [log] = await stored(app, store, 'telemetry_log_v1')
  assert.deepEqual(doubles.map((_, i) => log.metadata[`d${i}`]), doubles)
})

test('an empty request succeeds, in the encoding in which it came', async (t) => {
  const { app } = build(t)
  for (const signal of ['logs', 'metrics', 'traces']) {
    const binary = await post(app, `/v1/${signal}`, Buffer.alloc(0), PROTOBUF)
    assert.deepEqual([binary.statusCode, binary.body, binary.headers['content-type']], [200, '', 'application/x-protobuf'])
    const text = await post(app, `/v1/${signal}`, '{}')
    assert.deepEqual([text.statusCode, text.json()], [200, {}])
    assert.match(text.headers['content-type'], /^application\/json/)
  }
})

test('H12: what is rejected is counted in a partial success, and the rest is stored', async (t) => {
  const { app, store } = build(t)
  const spans = [
    { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'good', startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000000` },
    { traceId: '0'.repeat(32), spanId: 'b'.repeat(16), name: 'no trace' },
    { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), name: 'x', attributes: [{ key: 'a', value: {} }, { key: 'a', value: {} }], startTimeUnixNano: '1', endTimeUnixNano: '1' }
  ]
  const response = await post(app, '/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
  assert.equal(response.statusCode, 200)
  const { partialSuccess } = response.json()
  assert.equal(partialSuccess.rejectedSpans, '2')
  assert.ok(partialSuccess.errorMessage.length > 0)
  assert.deepEqual((await stored(app, store, 'telemetry_span_v1')).map(({ name }) => name), ['good'])
})

test('H8: 64-bit integers come through exactly, as strings and as numbers', async (t) => {
  const { app, store } = build(t)
  const large = '{"key":"a","value":{"intValue":"9223372036854775807"}},{"key":"b","value":{"intValue":9007199254740993}}'
  const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[${large}]}]}]}]}`
  assert.deepEqual((await post(app, '/v1/logs', body)).json(), {})
  await store.settle()
  const { body: text } = await app.inject({ url: RECORDS, query: { schema: 'telemetry_log_v1' } })
  assert.match(text, /"a":9223372036854775807,"b":9007199254740993/)
})

test('H13: a request that is sent again is stored once', async (t) => {
  const { app, store } = build(t)
  const body = JSON.stringify(logs({ timeUnixNano: `${Date.now()}000000`, body: { stringValue: 'once' } }))
  for (let i = 0; i < 3; i++) await post(app, '/v1/logs', gzipSync(body), { 'content-encoding': 'gzip' })
  assert.equal((await stored(app, store, 'telemetry_log_v1')).length, 1)
})

test('every refusal is a Status in the encoding of the request', async (t) => {
  const { app } = build(t, { JWT_SECRET: SECRET })
  const viewer = await bearer(['viewer'])
  const ingest = await bearer(['ingest'])
  for (const [headers, body, status, code] of [
    [{}, '{}', 401, 16], [viewer, '{}', 403, 7], [ingest, '{', 400, 3], [ingest, '{"resourceLogs":5}', 400, 3],
    [{ ...ingest, 'content-encoding': 'snappy' }, '{}', 415, 3], [ingest, Buffer.alloc((16 << 20) + 1, ' '), 413, 8]
  ]) {
    const text = await post(app, '/v1/logs', body, headers)
    assert.equal(text.statusCode, status)
    assert.equal(text.json().code, code)
    assert.equal(typeof text.json().message, 'string')
    if (status === 400) continue
    const binary = await post(app, '/v1/logs', body, { ...headers, ...PROTOBUF })
    assert.deepEqual([binary.statusCode, binary.headers['content-type']], [status, 'application/x-protobuf'])
    assert.deepEqual([...binary.rawPayload.subarray(0, 2)], [0x08, code])
  }
  assert.equal((await post(app, '/v1/logs', Buffer.from([255, 255]), { ...ingest, ...PROTOBUF })).statusCode, 400)
  assert.equal((await post(app, '/v1/logs', '<a/>', { ...ingest, 'content-type': 'text/xml' })).statusCode, 415)
})

test('thousands of records in one request are all stored', async (t) => {
  const { app, store } = build(t)
  const records = Array.from({ length: 2_500 }, (_, i) => ({ timeUnixNano: `${Date.now()}000000`, body: { stringValue: `${i}` } }))
  assert.deepEqual((await post(app, '/v1/logs', logs(...records))).json(), {})
  await store.settle()
  assert.equal((await store.stats()).records, 2_500)
})
