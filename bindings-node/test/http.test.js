'use strict'

/** The plugins for Fastify and Express, in real servers on loopback. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { request } = require('node:http')
const { before, test } = require('node:test')
const express = require('express')
const fastify = require('fastify')
const { Client } = require('../index.js')
const { expressTelemetry } = require('../express.js')
const { fastifyTelemetry } = require('../fastify.js')
const { TIMEOUT_MS, isolate, listen } = require('./collector.js')

before(isolate)

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64)'
const HEADERS = { traceparent: PARENT, 'user-agent': AGENT, 'x-request-id': 'r-1', 'content-type': 'application/json' }
const LIMIT = { signal: AbortSignal.timeout(60_000) }

async function served (t) {
  const { endpoint, arrived } = await listen(t)
  // A span ends after its response: each record is sent as it comes.
  const client = new Client({ client: { enabled: true, endpoint, flush_interval_ms: 1 } })
  t.after(() => client.shutdown())
  return { client, arrived }
}

const handled = (client) => client.track({ channel: 'web', event: 'handled', payload: {} })

async function fastifyServer (t, options) {
  const app = fastify({ requestIdHeader: 'x-request-id', bodyLimit: 1 << 20 })
  const { client } = options
  await app.register(fastifyTelemetry, options)
  app.post('/items/:id', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    handled(client)
    return { ok: true }
  })
  app.get('/broken/:id', async () => { throw new Error('not for ann@example.com') })
  app.get('/slow', () => new Promise(() => {}))
  t.after(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function expressServer (t, options) {
  const app = express()
  const { client } = options
  app.use(expressTelemetry(options))
  app.use(express.json({ limit: '1mb' }))
  const items = express.Router()
  items.post('/:id', async (_, response) => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    handled(client)
    response.json({ ok: true })
  })
  app.use('/items', items)
  app.get('/broken/:id', async () => { throw new Error('not for ann@example.com') })
  app.get('/slow', () => {})
  app.use((error, _, response, next) => response.status(500).json({}))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  return `http://127.0.0.1:${server.address().port}`
}

for (const [name, start] of [['Fastify', fastifyServer], ['Express', expressServer]]) {
  test(`${name}: a record carries the context of its request, which is a span in the caller's trace`, LIMIT, async (t) => {
    const { client, arrived } = await served(t)
    const base = await start(t, { client, enrich: () => ({ user_id: 'ann' }) })
    const url = `${base}/items/5?card=4111111111111111`
    // A body of several chunks, which come in events of the socket.
    const body = JSON.stringify({ text: 'x'.repeat(300_000) })
    const response = await fetch(url, { method: 'POST', headers: HEADERS, body })
    assert.deepEqual([response.status, await response.json()], [200, { ok: true }])
    const records = await arrived(2)
    const event = records.find((record) => record.event === 'handled')
    const span = records.find((record) => record.schema === 'telemetry_span_v1')
    assert.deepEqual([span.name, span.kind, span.trace_id], ['POST /items/:id', 'server', TRACE])
    assert.equal(span.parent_span_id, 'b7ad6b7169203331')
    assert.equal(span.attributes['url.path'], '/items/5')
    assert.equal(span.attributes['http.response.status_code'], 200)
    assert.deepEqual(event.context, {
      request_id: 'r-1', route_name: '/items/:id', ip_address: '127.0.0.1', user_agent: AGENT, trace_id: TRACE, span_id: span.span_id
    })
    assert.deepEqual([event.user_id, span.user_id], ['[identifier]', '[identifier]'])
  })

  test(`${name}: a request that fails is a span with an error, and nothing personal in it`, LIMIT, async (t) => {
    const { client, arrived } = await served(t)
    const base = await start(t, { client })
    assert.equal((await fetch(`${base}/broken/1`)).status, 500)
    const [span] = await arrived(1)
    assert.deepEqual([span.name, span.status.code, span.attributes['error.type']], ['GET /broken/:id', 'error', '500'])
    assert.ok(!JSON.stringify(span).includes('ann@'))
  })

  test(`${name}: a caller that goes away ends the span`, LIMIT, async (t) => {
    const { client, arrived } = await served(t)
    const base = await start(t, { client })
    const call = request(`${base}/slow`)
    call.on('error', () => {})
    call.end()
    await once(call, 'finish')
    // Seen by the server before the line is cut.
    await new Promise((resolve) => setTimeout(resolve, 50))
    call.destroy()
    const [span] = await arrived(1)
    assert.deepEqual([span.name, span.attributes['error.type']], ['GET /slow', 'aborted'])
  })

  test(`${name}: telemetry that fails harms no request`, LIMIT, async (t) => {
    const { client, arrived } = await served(t)
    const base = await start(t, { client, isSpanned: false, enrich: () => { throw new Error('no') } })
    const response = await fetch(`${base}/items/5`, { method: 'POST', headers: HEADERS, body: '{}' })
    assert.equal(response.status, 200)
    const records = await arrived(1)
    assert.deepEqual(records.map(({ event, context }) => [event, context]), [['handled', undefined]])
    assert.equal(await client.flush(TIMEOUT_MS), true)
  })
}
