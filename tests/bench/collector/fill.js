'use strict'

/**
 * A store as a month of a busy application leaves it: events by day and night over thirty days up to now, metrics of
 * the catalogue, and traces. They come in through the store's own ingestion.
 */

const path = require('node:path')

const COLLECTOR = path.resolve(__dirname, '../../../bindings-node/collector')
const { Engine, Store, metricsCatalog } = require(require.resolve('scrubjay', { paths: [COLLECTOR] }))

const EVENTS = 1_000_000
const METRICS = 20_000
const TRACES = 500
const DAYS = 30
const DAY_MS = 86_400_000
const USERS = 10_000
/** Events of a tenant's applications; with their channels, 40 series. */
const CHANNELS = { web: 18, app: 12, worker: 7, billing: 3 }
const CATALOG = metricsCatalog()
/** Records of a body, and bodies at a time. */
const BODY = 1_000
const IN_FLIGHT = 8
const TENANT = 'default'

/** A number that looks random, and is the same in each run. */
function mixed (n) {
  let x = Math.imul(n ^ (n >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return (x ^ (x >>> 15)) >>> 0
}

const NAMES = Object.entries(CHANNELS).flatMap(([channel, n]) =>
  Array.from({ length: n }, (_, i) => ({ channel, event: `${channel}_action_${i}` })))

/** The moment of the n-th of `of` records: more by day than by night. */
function moment (n, of, end) {
  const at = (n + 0.5) / of * DAYS
  const warped = at - Math.sin(2 * Math.PI * at) / (4 * Math.PI)
  return new Date(end - (DAYS - warped) * DAY_MS).toISOString()
}

function event (n, end) {
  // Some names come far more often than others.
  const share = mixed(n) / 2 ** 32
  const { channel, event } = NAMES[Math.floor(share * share * NAMES.length)]
  return {
    schema: 'telemetry_event_v1',
    channel,
    event,
    timestamp: moment(n, EVENTS, end),
    user_id: `user-${mixed(n + 1) % USERS}`,
    payload: { route: `/items/${mixed(n + 2) % 1_000}`, status: 200, duration_ms: mixed(n + 3) % 5_000, cached: true }
  }
}

function metric (n, end) {
  const { name, type, unit } = CATALOG[n % CATALOG.length]
  return {
    schema: 'telemetry_metric_v1',
    name,
    type,
    unit,
    value: 10 + mixed(n) % 50,
    attributes: {},
    timestamp: moment(n, METRICS, end)
  }
}

/** A trace of six spans, of which every tenth has one that failed. */
function trace (n, end) {
  const start = Date.parse(moment(n, TRACES, end))
  const id = (i) => (n * 8 + i + 1).toString(16).padStart(16, '0')
  return Array.from({ length: 6 }, (_, i) => ({
    schema: 'telemetry_span_v1',
    name: ['GET /orders', 'authorise', 'SELECT orders', 'GET /prices', 'SELECT prices', 'render'][i],
    trace_id: (n + 1).toString(16).padStart(32, '0'),
    span_id: id(i),
    ...(i === 0 ? {} : { parent_span_id: id(i === 4 ? 3 : 0) }),
    kind: i === 0 ? 'server' : 'internal',
    timestamp: new Date(start + i * 20).toISOString(),
    start_time_unix_nano: `${start + i * 20}000000`,
    end_time_unix_nano: `${start + (i === 0 ? 140 : i * 20 + 18)}000000`,
    status: { code: n % 10 === 0 && i === 2 ? 'error' : 'ok' }
  }))
}

/** Fills an empty folder; resolves when everything is indexed. */
async function fill (folder) {
  const store = Store.open(folder)
  const engine = new Engine({ privacy: { pseudonym_key: 'a key for a benchmark, of no use' } })
  const end = Date.now()
  const records = function * () {
    for (let n = 0; n < EVENTS; n++) yield event(n, end)
    for (let n = 0; n < METRICS; n++) yield metric(n, end)
    for (let n = 0; n < TRACES; n++) yield * trace(n, end)
  }()
  const bodies = function * () {
    let body = []
    for (const record of records) {
      if (body.push(JSON.stringify(record)) === BODY) yield `[${body.splice(0).join(',')}]`
    }
    if (body.length > 0) yield `[${body.join(',')}]`
  }()
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    for (const body of bodies) await send(store, engine, body)
  }))
  await store.settle()
  store.close()
}

/** The log refuses what the indexer cannot follow; then it is sent again. */
async function send (store, engine, body) {
  for (;;) {
    try {
      const { results } = JSON.parse(await store.ingestText(engine, TENANT, 'batch', body))
      const refused = results.find(({ status }) => status !== 'accepted')
      if (refused !== undefined) throw new Error(`the generator wrote records that are refused: ${JSON.stringify(refused)}`)
      return
    } catch (error) {
      if (error.code !== 'store_unavailable') throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

module.exports = { EVENTS, fill }

if (require.main === module) fill(process.argv[2]).catch((error) => { console.error(error); process.exit(1) })
