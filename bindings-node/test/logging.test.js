'use strict'

/** The transport for pino and the bridge from OpenTelemetry, under the real packages. */

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { join } = require('node:path')
const { before, test } = require('node:test')
const { SimpleLogRecordProcessor, LoggerProvider, BatchLogRecordProcessor } = require('@opentelemetry/sdk-logs')
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base')
const { context, SpanKind, SpanStatusCode, trace } = require('@opentelemetry/api')
const pino = require('pino')
const { Client } = require('../index.js')
const { ScrubjayLogRecordExporter, ScrubjaySpanProcessor } = require('../opentelemetry.js')
const { traceMixin } = require('../pino.js')
const { TIMEOUT_MS, isolate, listen } = require('./collector.js')

before(isolate)

const TARGET = join(__dirname, '..', 'pino.js')
const configOf = (endpoint) => ({ client: { enabled: true, endpoint } })

test('lines of pino arrive as log records, scrubbed, with the ids of their span', async (t) => {
  const { arrived, endpoint } = await listen(t)
  const transport = pino.transport({ target: TARGET, options: { config: configOf(endpoint), component: 'api' } })
  const logger = pino({ level: 'trace', mixin: traceMixin }, transport)
  const client = new Client({ client: { enabled: true, endpoint: 'http://127.0.0.1:9', upload_enabled: false } })
  const ids = client.span('request', (span) => {
    logger.info({ to: 'ann@example.com', attempt: 2 }, 'mail sent to %s', 'ann@example.com')
    return { trace_id: span.traceId, span_id: span.spanId }
  })
  logger.child({ name: 'jobs' }).error(new Error('no'), 'failed')
  logger.trace({ event_type: 'step', long: 'x'.repeat(20_000) }, 'é'.repeat(1_000))
  logger.fatal('out')
  transport.end()
  const records = await arrived(4)
  const [sent, failed, long, out] = ['mail sent to [email]', 'failed', 'é'.repeat(1_000), 'out'].map((message) => {
    return records.find((record) => record.message === message)
  })
  assert.deepEqual([sent.schema, sent.component, sent.level, sent.event_type], ['telemetry_log_v1', 'api', 'info', 'log'])
  assert.deepEqual([sent.metadata, sent.context, sent.trace_id], [{ to: '[email]', attempt: 2 }, ids, ids.trace_id])
  assert.deepEqual([failed.component, failed.level, failed.metadata.err.type], ['jobs', 'error', 'Error'])
  assert.deepEqual([long.level, long.event_type, long.metadata.long.length], ['trace', 'step', 20_000])
  assert.deepEqual([out.level, out.context], ['fatal', undefined])
  await client.shutdown(0)
})

for (const ending of ['', '; process.exit()', '; throw new Error()']) {
  test(`what pino was told last arrives when a program ends${ending && ` by ${ending.slice(2)}`}`, async (t) => {
    const { arrived, endpoint } = await listen(t)
    const options = { target: TARGET, options: { config: configOf(endpoint) } }
    const program = `const pino = require('pino'); const logger = pino(pino.transport(${JSON.stringify(options)}))
      for (let n = 0; n < 500; n++) logger.info({ n }, 'line')
      setTimeout(() => { logger.info('last')${ending} }, 300)`
    await once(spawn('node', ['-e', program], { cwd: join(__dirname, '..'), stdio: 'ignore' }), 'exit')
    const records = await arrived(501)
    assert.equal(records.length, 501)
    assert.ok(records.some(({ message }) => message === 'last'))
  })
}

test("OpenTelemetry's spans arrive field by field", async (t) => {
  const { records, endpoint } = await listen(t)
  const client = new Client(configOf(endpoint))
  const provider = new BasicTracerProvider({ spanProcessors: [new ScrubjaySpanProcessor(client)] })
  const tracer = provider.getTracer('shop')
  const parent = tracer.startSpan('parent', { kind: SpanKind.SERVER, startTime: [1_767_323_045, 1] })
  const inParent = trace.setSpan(context.active(), parent)
  const options = { attributes: { to: 'ann@example.com', n: 1 }, links: [{ context: parent.spanContext(), attributes: { a: 1 } }] }
  const child = tracer.startSpan('child', options, inParent)
  child.addEvent('sent', { mail: 'ann@example.com' }, [1_767_323_045, 987_654_321])
  child.recordException(new RangeError('no'))
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'for ann@example.com' })
  child.end()
  parent.end([1_767_323_046, 0])
  await provider.forceFlush()
  const [first, second] = records()
  const { traceId, spanId } = child.spanContext()
  assert.deepEqual([first.name, first.kind, first.trace_id, first.span_id], ['child', 'internal', traceId, spanId])
  assert.deepEqual([first.parent_span_id, first.flags], [parent.spanContext().spanId, 1])
  assert.deepEqual(first.attributes, { to: '[email]', n: 1 })
  assert.deepEqual(first.status, { code: 'error', message: 'for [email]' })
  assert.deepEqual(first.events[0], { time_unix_nano: '1767323045987654321', name: 'sent', attributes: { mail: '[email]' } })
  assert.equal(first.events[1].attributes['exception.type'], 'RangeError')
  assert.deepEqual(first.links, [{ trace_id: traceId, span_id: parent.spanContext().spanId, attributes: { a: 1 } }])
  assert.deepEqual([second.kind, second.parent_span_id, second.status], ['server', undefined, undefined])
  assert.deepEqual([second.start_time_unix_nano, second.end_time_unix_nano], ['1767323045000000001', '1767323046000000000'])
  await provider.shutdown()
  assert.equal(client.track({}), false)
})

for (const [name, make] of [
  ['simple', (exporter) => new SimpleLogRecordProcessor({ exporter })],
  ['batch', (exporter) => new BatchLogRecordProcessor({ exporter })]
]) {
  test(`OpenTelemetry's log records arrive by its ${name} processor`, async (t) => {
    const { records, endpoint } = await listen(t)
    const client = new Client(configOf(endpoint))
    const provider = new LoggerProvider({ processors: [make(new ScrubjayLogRecordExporter(client))] })
    const logger = provider.getLogger('shop')
    const spanContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
    const inSpan = trace.setSpanContext(context.active(), spanContext)
    logger.emit({ severityNumber: 17, body: 'mail to ann@example.com failed', attributes: { n: 1 }, context: inSpan })
    logger.emit({ eventName: 'login', attributes: { by: 'ann@example.com' } })
    logger.emit({ body: { a: 1 }, timestamp: 1_767_323_045_123 })
    await provider.forceFlush()
    await client.flush(TIMEOUT_MS)
    const [text, event, object] = records()
    assert.deepEqual([text.component, text.level, text.message], ['shop', 'error', 'mail to [email] failed'])
    assert.deepEqual(text.context, { trace_id: spanContext.traceId, span_id: spanContext.spanId })
    assert.deepEqual([text.metadata, text.trace_id], [{ n: 1 }, spanContext.traceId])
    assert.deepEqual([event.channel, event.event, event.payload], ['shop', 'login', { by: '[email]' }])
    assert.deepEqual([object.level, object.metadata, object.timestamp], ['info', { body: { a: 1 } }, '2026-01-02T03:04:05.123000Z'])
    await provider.shutdown()
  })
}
