'use strict'

/**
 * Sends records of a small web shop to a collector, some with personal data in them and some malformed.
 *
 *     node examples/send.js http://127.0.0.1:3001 planted.json
 *
 * The file holds values by kind (`email`, `card`, `ipv4`, …) that must not arrive. Prints one JSON line.
 */

const { readFileSync } = require('node:fs')
const { Client } = require('../index.js')

const RECORDS = 200
/** One record in this many carries personal data. */
const PLANTED_EVERY = 10
/** One record in this many breaks the schema. */
const MALFORMED_EVERY = 25
const FLUSH_TIMEOUT_MS = 30_000

const [, , endpoint, plantedFile] = process.argv
if (endpoint === undefined || plantedFile === undefined) {
  console.error('usage: node examples/send.js COLLECTOR_URL PLANTED_JSON')
  process.exit(2)
}

/** @type {Record<string, string>} */
const planted = JSON.parse(readFileSync(plantedFile, 'utf8'))

/** @param {number} i */
function happening (i) {
  switch (i % 4) {
    case 0: return { channel: 'web', event: 'page_view', payload: { path: `/products/${i % 40}`, ms: 20 + i % 90 } }
    case 1: return { channel: 'web', event: 'add_to_cart', payload: { sku: `SKU-${1000 + i % 40}`, quantity: 2 } }
    case 2: return { channel: 'api', event: 'request', payload: { method: 'GET', status: 200, ms: 5.5 + i % 30 } }
    default: return { channel: 'jobs', event: 'invoice_sent', payload: { attempt: 1 + i % 2, bytes: 20_480 + i } }
  }
}

/** @param {number} i */
function usual (i) {
  return {
    ...happening(i),
    timestamp: new Date().toISOString(),
    session_id: `session-${i % 12}`,
    context: { route_name: 'shop.index', user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.7444.59' }
  }
}

/**
 * The places where personal data turns up: free text, named members, headers, URLs, addresses, identifiers.
 *
 * @type {Array<{ user_id?: string, context?: object, payload: object }>}
 */
const PLANTS = [
  { payload: { message: `order confirmation could not be delivered to ${planted.email}` } },
  { payload: { note: `customer read the number out: ${planted.card}, thanks` } },
  { context: { ip_address: planted.ipv4 }, payload: { line: `upstream ${planted.ipv4} reset the connection` } },
  { payload: { line: `accepted connection from ${planted.ipv6} port 443` } },
  { payload: { headers: { authorization: `Bearer ${planted.bearer}`, accept: '*/*' } } },
  { payload: { line: `curl -H 'Authorization: Bearer ${planted.bearer}' failed` } },
  { payload: { reason: `token ${planted.jwt} has expired` } },
  { payload: { form: { password: planted.password, remember: true } } },
  { user_id: planted.user_id, payload: { step: 'checkout' } },
  { payload: { url: `https://shop.example/verify?email=${planted.email}&step=2` } }
]

const MALFORMED = [
  (/** @type {object} */ record) => ({ ...record, event: undefined }),
  (/** @type {object} */ record) => ({ ...record, timestamp: 'yesterday' }),
  (/** @type {object} */ record) => ({ ...record, payload: `card ${planted.card}` }),
  (/** @type {object} */ record) => `${JSON.stringify(record)}, and ${planted.email}`
]

/** @param {number} i */
function record (i) {
  const plain = usual(i)
  if (i % MALFORMED_EVERY === 0) return MALFORMED[(i / MALFORMED_EVERY) % MALFORMED.length]?.(plain) ?? plain
  if (i % PLANTED_EVERY !== 1) return plain
  const { context, payload, ...rest } = PLANTS[Math.floor(i / PLANTED_EVERY) % PLANTS.length] ?? { payload: {} }
  return { ...plain, ...rest, context: { ...plain.context, ...context }, payload: { ...plain.payload, ...payload } }
}

async function main () {
  const client = new Client({ client: { enabled: true, endpoint } })
  for (let i = 0; i < RECORDS; i++) client.track(record(i))
  const delivered = await client.flush(FLUSH_TIMEOUT_MS)
  await client.shutdown()
  console.log(JSON.stringify({ runtime: 'node', sent: RECORDS, stats: client.stats() }))
  process.exitCode = delivered ? 0 : 1
}

main()
