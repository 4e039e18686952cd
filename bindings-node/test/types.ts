/** Never run: `tsc --noEmit` checks that these uses, and no others, are what `index.d.ts` allows. */

import { Client, Engine, Store, codes, panicForTest, version } from 'scrubjay'
import type { Buckets, Outcome, ScrubjayError, Verdict } from 'scrubjay'

const engine = new Engine({ privacy: { mode: 'strict', pii_fields: ['nickname'] } })
const outcome: Outcome = engine.process({ channel: 'app' }, { now: '2026-01-02T03:04:05Z', random: '0'.repeat(20) })
const text: string = engine.processText(Buffer.from('{}'))
const payload: unknown = outcome.record?.payload.anything
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
  const store = Store.open('data')
  const verdict: Verdict = await store.ingest(engine, 'default', 'ndjson', new Uint8Array())
  const buckets: Buckets = await store.aggregate('default', { aggregations: ['count', 'p95'], field: '/payload/ms' })
  const p95: number | null | undefined = buckets.buckets[0]?.p95
  // @ts-expect-error an aggregation that does not exist
  await store.aggregate('default', { aggregations: ['median'] })
  store.close()
  console.log(captured, done, lost, verdict.results[0]?.violations[0]?.code, p95)
}

use().catch((error: ScrubjayError) => {
  if (error.code === 'native_missing') panicForTest()
})
