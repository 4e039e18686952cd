'use strict'

/** What a caller may cost: rates, load, slow and hostile senders (group H). */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { connect } = require('node:net')
const { brotliCompressSync, constants, deflateSync, gzipSync } = require('node:zlib')
const { test } = require('node:test')
const { BATCH, EVENTS, SECRET, bearer, build, event, post, token } = require('./collector.js')

const MIB = 1 << 20
const SECURED = { JWT_SECRET: SECRET }
/** Milliseconds. The collector's own limit is 10 s; the mechanism is the same. */
const SHORT_MS = 1_000

/** zstd of 64 MiB of zeros: 128 blocks that each say "512 KiB of zeros". Node 20 cannot make it. */
function zstdBomb () {
  // Frame: magic, a single segment of 64 MiB (descriptor 0xa0, four bytes), then RLE blocks of at most 128 KiB.
  const blocks = 512
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x68, 0, 0, 0, 4])
  header.writeUInt32LE(64 * MIB, 6)
  const body = Buffer.alloc(4 * blocks)
  for (let i = 0; i < blocks; i++) body.writeUIntLE((128 * 1024) << 3 | 1 << 1 | (i === blocks - 1 ? 1 : 0), 4 * i, 3)
  return Buffer.concat([header, body])
}

test('H1: a bomb of any encoding is 413, and is never inflated whole', async (t) => {
  const { app } = build(t)
  const zeros = Buffer.alloc(128 * MIB)
  const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
  const bombs = {
    gzip: gzipSync(zeros, { level: 1 }), deflate: deflateSync(zeros, { level: 1 }), br: brotliCompressSync(zeros, fast), zstd: zstdBomb()
  }
  const before = process.memoryUsage().rss
  for (const [encoding, bomb] of Object.entries(bombs)) {
    assert.ok(bomb.length < MIB, encoding)
    const { statusCode, body } = await post(app, BATCH, bomb, { 'content-encoding': encoding })
    assert.equal(statusCode, 413, `${encoding}: ${body}`)
  }
  assert.ok(process.memoryUsage().rss - before < 64 * MIB, 'a bomb was inflated')
})

test('br and zstd are inflated, and what is none of them is 400', async (t) => {
  const { app } = build(t)
  const body = JSON.stringify([event('a'), event('b')])
  // A frame of one raw block: what any zstd encoder may write.
  const block = Buffer.alloc(3)
  block.writeUIntLE(body.length << 3 | 1, 0, 3)
  const zstd = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, body.length]), block, Buffer.from(body)])
  assert.ok(body.length < 256)
  for (const [encoding, packed] of Object.entries({ br: brotliCompressSync(body), zstd, 'x-gzip': gzipSync(body) })) {
    const response = await post(app, BATCH, packed, { 'content-encoding': encoding })
    assert.equal(response.statusCode, 200, `${encoding}: ${response.body}`)
    assert.equal(response.json().accepted, 2)
    const broken = await post(app, BATCH, packed.subarray(0, packed.length - 4), { 'content-encoding': encoding })
    assert.equal(broken.statusCode, 400, encoding)
  }
})

test('H2: stacked and unknown encodings are 415', async (t) => {
  const { app } = build(t)
  for (const encoding of ['gzip, gzip', 'gzip,br', 'snappy', 'compress', '__proto__', 'toString']) {
    assert.equal((await post(app, BATCH, '[]', { 'content-encoding': encoding })).statusCode, 415, encoding)
  }
})

test('H5 to H11: hostile JSON costs its record and nothing else', async (t) => {
  const { app, store } = build(t)
  const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
  const records = [
    `{"channel":"app","event":"a","payload":${deep}}`,
    '{"channel":"app","event":"a","event":"b","payload":{}}',
    '{"channel":"app","event":"a","payload":{"n":1e400}}',
    '{"channel":"app","event":"a","payload":{"n":NaN}}',
    '{"channel":"app","event":"a","payload":{"s":"\\ud800"}}',
    '{"channel":"app","event":"good","payload":{"__proto__":{"isAdmin":true},"constructor":1,"toString":2,"z":"a\\u0000b","n":9007199254740993}}'
  ]
  const { statusCode, body } = await post(app, BATCH, records.join('\n'), { 'content-type': 'application/x-ndjson' })
  assert.equal(statusCode, 200, body)
  const statuses = JSON.parse(body).results.map(({ status, violations }) => violations[0]?.code ?? status)
  assert.deepEqual(statuses, ['json_depth', 'json_duplicate_key', 'json_number', 'json_number', 'json_surrogate', 'accepted'])
  assert.equal({}.isAdmin, undefined)
  await store.settle()
  assert.match(await store.queryText('default', { event: 'good' }), /"n":9007199254740993/)
  const bad = [Buffer.from([0x7b, 0xff, 0x7d]), Buffer.from('\ufeff{}'), Buffer.from('{}', 'utf16le')]
  for (const bytes of bad) assert.equal((await post(app, EVENTS, bytes)).statusCode, 400)
})

test('H3, H14: a request that contradicts itself is refused and its connection closed', async (t) => {
  const { app } = build(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address()
  const talk = async (text) => {
    const socket = connect(port, '127.0.0.1')
    socket.setEncoding('latin1').on('error', () => {})
    let said = ''
    socket.on('data', (chunk) => { said += chunk })
    socket.write(text)
    await once(socket, 'close')
    return Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1])
  }
  const head = `POST ${EVENTS} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`
  const large = 5 * MIB
  for (const [text, status] of [
    [`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400],
    [`${head}content-length: x\r\n\r\n`, 400],
    [`${head}content-length: ${large}\r\n\r\n`, 413],
    [`${head}transfer-encoding: chunked\r\n\r\n${large.toString(16)}\r\n${' '.repeat(large)}\r\n0\r\n\r\n`, 413],
    [`${head}transfer-encoding: x\r\n\r\n`, 400],
    [`BREW / HTTP/1.1\r\nhost: a\r\n\r\n`, 400],
    [`GET / HTTP/1.1\nhost a\n\n`, 400]
  ]) assert.equal(await talk(text), status, text.slice(0, 160))
})

test('H4: connections that never finish their request are cut, and others are served meanwhile', { timeout: 30_000 }, async (t) => {
  const { app } = build(t, {}, { requestTimeoutMs: SHORT_MS })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address()
  const begun = performance.now()
  const sockets = Array.from({ length: 500 }, (_, i) => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    const head = `POST ${EVENTS} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`
    // Half of them are slow with their headers, half with their bodies.
    socket.write(i % 2 === 0 ? head : `${head}content-length: 100\r\n\r\n{`)
    return once(socket.resume(), 'close')
  })
  for (let i = 0; i < 10; i++) assert.equal((await fetch(`${url}/health`)).status, 200)
  await Promise.all(sockets)
  const tookMs = performance.now() - begun
  assert.ok(tookMs < 10 * SHORT_MS, `cut after ${Math.round(tookMs)} ms`)
})

test('H15: a noisy tenant gets 429 with Retry-After, and its neighbour is served', async (t) => {
  const { app, metrics } = build(t, { ...SECURED, RATE_LIMIT_PER_MINUTE: '3', RATE_LIMIT_TENANT_PER_MINUTE: '5' })
  const key = async (tenant, sub) => ({ authorization: `Bearer ${await token({ tenant_id: tenant, sub })}` })
  const [noisy, colleague, neighbour] = await Promise.all([key('a', 'x'), key('a', 'y'), key('b', 'x')])
  const send = async (headers) => post(app, EVENTS, event('e'), headers)
  for (let i = 0; i < 3; i++) assert.equal((await send(noisy)).statusCode, 200)
  const refused = await send(noisy)
  assert.equal(refused.statusCode, 429)
  assert.equal(refused.json().error.code, 'rate_limited')
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  assert.equal((await send(colleague)).statusCode, 200, 'another key of the tenant')
  assert.equal((await send(colleague)).statusCode, 429, 'the tenant as a whole')
  for (let i = 0; i < 3; i++) assert.equal((await send(neighbour)).statusCode, 200)
  assert.match(await metrics.text(), /^telemetry_requests_refused_total\{reason="rate_limited"\} 2$/m)
})

test('H16: while too many bodies wait for the disk more are 503 with Retry-After, and then it recovers', async (t) => {
  let release
  const held = new Promise((resolve) => { release = resolve })
  const wrap = (store) => new Proxy(store, {
    get: (target, name) => name === 'ingestText'
      ? async (...args) => { await held; return target.ingestText(...args) }
      : target[name].bind(target)
  })
  const { app, metrics } = build(t, { MAX_PENDING_BODIES: '2' }, { wrap })
  await app.ready()
  const waiting = [post(app, EVENTS, event('a')), post(app, BATCH, [event('b')])]
  while (!/^telemetry_pending_bodies 2$/m.test(await metrics.text())) await new Promise((resolve) => setImmediate(resolve))
  const shed = await post(app, EVENTS, event('c'))
  assert.equal(shed.statusCode, 503)
  assert.equal(shed.json().error.code, 'overloaded')
  assert.equal(shed.headers['retry-after'], '1')
  assert.equal((await app.inject('/health')).statusCode, 200)
  release()
  assert.deepEqual((await Promise.all(waiting)).map(({ statusCode }) => statusCode), [200, 200])
  assert.equal((await post(app, EVENTS, event('d'))).statusCode, 200)
})

test('H19: a store that cannot write is 503, never a 2xx', async (t) => {
  const unavailable = async () => { throw Object.assign(new Error('full'), { code: 'store_unavailable', path: '' }) }
  const wrap = () => ({ ingestText: unavailable, auditAppend: unavailable, stats: unavailable, queryText: unavailable })
  const { app } = build(t, {}, { wrap })
  for (const response of [
    await post(app, EVENTS, event('a')), await post(app, BATCH, [event('a')]), await post(app, '/v1/logs', JSON.stringify({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }]
    })), await app.inject('/ready'), await app.inject('/api/v1/telemetry/records')
  ]) assert.equal(response.statusCode, 503)
})

test('Q5: whatever is sent, the number of series stays the same', async (t) => {
  const { app, metrics } = build(t, SECURED)
  const send = async (i) => {
    const headers = await bearer(['admin'], `tenant-${i}`)
    const records = Array.from({ length: 20 }, (_, j) => ({ ...event(`e${i}-${j}`), channel: `c${j}\n"x"` }))
    await post(app, BATCH, records, headers)
    await app.inject({ url: `/nothing/${i}`, headers })
  }
  await send(0)
  const series = async () => (await metrics.text()).split('\n').filter((line) => line.startsWith('telemetry_')).length
  const before = await series()
  for (let i = 1; i <= 20; i++) await send(i)
  assert.equal(await series(), before)
})

test('Q11, Q12: answers are inert in a browser, and no other origin may read them', async (t) => {
  const { app } = build(t)
  for (const url of ['/health', '/api/v1/telemetry/records', '/api/v1/telemetry/dashboard', '/nothing']) {
    const { headers } = await app.inject({ url, headers: { origin: 'https://evil.example' } })
    assert.match(headers['content-security-policy'], /default-src 'none'/, url)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const text = { 'content-type': 'text/plain' }
  for (const headers of [form, text]) {
    const response = await post(app, '/api/v1/telemetry/consent/update', '{"user_id":"a","purposes":{"analytics":true}}', headers)
    assert.equal(response.statusCode, 415)
  }
})
