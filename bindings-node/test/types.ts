/** Never run: `tsc --noEmit` checks that these uses, and no others, are what `index.d.ts` allows. */

import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import express from 'express'
import fastify from 'fastify'
import pino from 'pino'
import {
  Client, Engine, Store, codes, currentSpan, currentTraceparent, installShutdownHooks, panicForTest, readTraceparent, version,
  withContext
} from 'scrubjay'
import type { Buckets, Outcome, ScrubjayError, Span, Verdict } from 'scrubjay'
import { expressTelemetry } from 'scrubjay/express'
import { fastifyTelemetry } from 'scrubjay/fastify'
import { ScrubjayLogRecordExporter, ScrubjaySpanProcessor } from 'scrubjay/opentelemetry'
import { traceMixin } from 'scrubjay/pino'
import type * as compiled from '../lib/addon.js'
import type { Native } from '../lib/native.js'
import type { PinoTransportOptions } from 'scrubjay/pino'

/** Of these the sources say more than the addon: what promises are of, and that bytes are Node's own. */
type Unsaid = 'Store' | 'otlpRecords' | 'otlpAnswer' | 'otlpRefusal' | 'inflateZstd' | 'forwarded' | 'check'

/** What the sources call is what the addon was compiled with. */
export const native: (addon: Omit<typeof compiled, Unsaid>) => Omit<Native, Unsaid> = (addon) => addon

const engine = new Engine({ privacy: { mode: 'strict', pii_fields: ['nickname'] } })
const outcome: Outcome = engine.process({ channel: 'app' }, { now: '2026-01-02T03:04:05Z', random: '0'.repeat(20) })
const text: string = engine.processText(Buffer.from('{}'))
const payload: unknown = outcome.record?.schema === 'telemetry_event_v1' ? outcome.record.payload.anything : undefined
// @ts-expect-error only an event has a payload
outcome.record?.payload
const scrubbed: string = engine.scrubText(text).text
const rules: string[] = codes().rules.concat(version(), scrubbed)

// @ts-expect-error a mode that does not exist
new Engine({ privacy: { mode: 'loose' } })
// @ts-expect-error a key that does not exist
new Client({ client: { endpiont: 'http://127.0.0.1' } })
// @ts-expect-error a number is no record
engine.process(5)
// @ts-expect-error a store is opened, not constructed
new Store()

async function use (): Promise<void> {
  await using client = new Client('{}')
  const captured: boolean = client.track({ payload, rules })
  const done: boolean = await client.flush(1_000)
  const lost: number = client.stats().dropped.queue_full
  const { files }: { files: number } = await Store.convert('data', { from: null, to: 'key' })
  const store = Store.open('data')
  const verdict: Verdict = await store.ingest(engine, 'default', 'ndjson', new Uint8Array())
  const buckets: Buckets = await store.aggregate('default', { aggregations: ['count', 'p95'], field: '/payload/ms' })
  const p95: number | null | undefined = buckets.buckets[0]?.p95
  // @ts-expect-error an aggregation that does not exist
  await store.aggregate('default', { aggregations: ['median'] })
  store.close()
  const made: number = client.span('work', { kind: 'client' }, (span: Span) => span.traceId.length)
  const later: Promise<string> = client.span('work', async () => currentTraceparent() ?? '')
  // @ts-expect-error a kind that does not exist
  client.startSpan('work', { kind: 'serve' }).end()
  const added: boolean = client.counter('jobs', { unit: '1' }).add(1, { queue: 'mail' })
  // @ts-expect-error attributes of metrics are flat
  client.histogram('size').record(5, { nested: {} })
  const body: string | undefined = client.preview()[0]?.body
  const kept: boolean = await client.trackAsync({ payload: { made, later: await later, added, body } })
  const traceId: string | undefined = withContext({ request_id: 'r' }, () => currentSpan()?.traceId)
  // @ts-expect-error a field that does not exist
  withContext({ requestId: 'r' }, () => kept)
  const remove: () => void = installShutdownHooks({ signals: ['SIGTERM'] })
  remove()
  await fastify().register(fastifyTelemetry, { client, enrich: (request) => ({ user_id: request.hostname }) })
  express().use(expressTelemetry({ client, isSpanned: false, enrich: (request) => ({ route_name: request.path }) }))
  new BasicTracerProvider({ spanProcessors: [new ScrubjaySpanProcessor(client)] })
  const exporter = new ScrubjayLogRecordExporter(client)
  new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
  const options: PinoTransportOptions = { config: { client: { enabled: true } }, component: 'api' }
  pino({ mixin: traceMixin }, pino.transport({ target: 'scrubjay/pino', options }))
  console.log(traceId, readTraceparent('')?.trace_id)
  console.log(captured, done, lost, verdict.results[0]?.violations[0]?.code, p95)
}

use().catch((error: ScrubjayError) => {
  if (error.code === 'native_missing') panicForTest()
})
