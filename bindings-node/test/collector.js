'use strict'

/** A collector for tests, on loopback: keeps what it is sent and accepts everything. */

const { once } = require('node:events')
const { mkdtempSync, rmSync } = require('node:fs')
const { createServer } = require('node:http')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { gunzipSync } = require('node:zlib')

/** Whatever a test waits for is there long before. */
const TIMEOUT_MS = 60_000

/** @param {import('node:test').TestContext} t */
async function listen (t) {
  const requests = []
  const waiting = new Set()
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    if (request.method === 'DELETE') {
      requests.push({ headers: request.headers, url: request.url, records: [] })
      return response.writeHead(200).end('{"request_id":"receipt-1","records":7}')
    }
    const records = JSON.parse(gunzipSync(Buffer.concat(chunks)))
    requests.push({ headers: request.headers, url: request.url, records })
    const results = records.map(({ id }) => ({ status: 'accepted', id, violations: [] }))
    const verdict = { accepted: results.length, rejected: 0, dropped: 0, duplicates: 0, results, redactions: {} }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(verdict))
    for (const look of waiting) look()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  const records = () => requests.flatMap((request) => request.records)
  /** All records, once there are so many. */
  const arrived = (count) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${records().length} of ${count} records arrived`)), TIMEOUT_MS)
    const look = () => {
      if (records().length < count) return
      clearTimeout(timer)
      waiting.delete(look)
      resolve(records())
    }
    waiting.add(look)
    look()
  })
  return { requests, records, arrived, endpoint: `http://127.0.0.1:${server.address().port}` }
}

/** Keeps the switches, the configuration and the consent of whoever runs the tests out of them. */
function isolate () {
  for (const name of Object.keys(process.env)) {
    if (/^(TELEMETRY_|OTEL_|DO_NOT_TRACK)/.test(name)) delete process.env[name]
  }
  const home = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  process.env.XDG_STATE_HOME = join(home, 'state')
  process.env.XDG_CONFIG_HOME = join(home, 'config')
  process.on('exit', () => rmSync(home, { recursive: true, force: true }))
}

module.exports = { TIMEOUT_MS, isolate, listen }
