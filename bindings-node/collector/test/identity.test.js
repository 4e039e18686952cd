'use strict'

/** Who may do what: group A of the fault catalogue. */

const assert = require('node:assert/strict')
const { createHmac, generateKeyPairSync, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const { createServer } = require('node:http')
const { test } = require('node:test')
const { ACCESS, PUBLIC, ROLES } = require('../src/identity/roles.js')
const { readConfig } = require('../src/config/index.js')
const { AGGREGATE, BATCH, EVENTS, SECRET, bearer, build, event, post, token } = require('./collector.js')

const SECURED = { JWT_SECRET: SECRET }
const RECORDS = '/api/v1/telemetry/records'

async function status (app, authorization, headers = {}) {
  const response = await app.inject({ url: AGGREGATE, headers: { ...(authorization && { authorization }), ...headers } })
  return response.statusCode
}

function raw (header, claims, sign = () => '') {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  return `Bearer ${signed}.${sign(signed)}`
}

function claims (more = {}) {
  return { sub: 'x', tenant_id: 'acme', roles: ['admin'], exp: Math.floor(Date.now() / 1000) + 60, ...more }
}

test('A1: a token without a signature, or signed by another secret or algorithm, is 401', async (t) => {
  const { app } = build(t, SECURED)
  const hmac = (hash, key) => (text) => createHmac(hash, key).update(text).digest('base64url')
  assert.equal(await status(app, raw({ alg: 'HS256' }, claims(), hmac('sha256', SECRET))), 200)
  for (const authorization of [
    raw({ alg: 'none' }, claims()), raw({ alg: 'nOnE' }, claims()), raw({}, claims()),
    raw({ alg: 'none' }, claims(), hmac('sha256', SECRET)),
    raw({ alg: 'HS256' }, claims(), hmac('sha256', `${SECRET}x`)),
    raw({ alg: 'HS512' }, claims(), hmac('sha512', SECRET)),
    raw({ alg: 'HS256', crit: ['x'], x: 1 }, claims(), hmac('sha256', SECRET)),
    `Bearer ${'a'.repeat(9_000)}.b.c`, 'Bearer a.b.c', 'Basic YTpi', 'Bearer', ''
  ]) assert.equal(await status(app, authorization), 401, authorization.slice(0, 60))
})

test('A1: a public key is never taken for a secret', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const { app } = build(t, { JWT_PUBLIC_KEY: pem })
  const good = await token({}, { alg: 'RS256', key: privateKey })
  assert.equal(await status(app, `Bearer ${good}`), 200)
  for (const key of [pem, pem.trim(), `${pem}\n`, ` ${pem}`]) {
    const sign = (text) => createHmac('sha256', key).update(text).digest('base64url')
    assert.equal(await status(app, raw({ alg: 'HS256' }, claims(), sign)), 401)
  }
  assert.equal(await status(app, `Bearer ${await token({}, { alg: 'PS256', key: privateKey })}`), 401)
})

test('Ed25519 and EC keys are taken with their own algorithm', async (t) => {
  for (const [alg, pair] of [
    ['EdDSA', generateKeyPairSync('ed25519')], ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })]
  ]) {
    const { app } = build(t, { JWT_PUBLIC_KEY: pair.publicKey.export({ type: 'spki', format: 'pem' }) })
    assert.equal(await status(app, `Bearer ${await token({}, { alg, key: pair.privateKey })}`), 200, alg)
    assert.equal(await status(app, `Bearer ${await token()}`), 401)
  }
})

test('A2: what a token says of keys is ignored, and nothing is fetched', async (t) => {
  const { app } = build(t, SECURED)
  let asked = 0
  const server = createServer((_request, response) => { asked++; response.end('{}') }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/keys`
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = attacker.publicKey.export({ format: 'jwk' })
  for (const header of [{ kid: '../../etc/passwd' }, { kid: "' OR 1=1" }, { kid: url }, { jku: url }, { x5u: url }]) {
    assert.equal(await status(app, `Bearer ${await token({}, { header })}`), 200)
  }
  for (const header of [{ jwk }, { jku: url, kid: 'a' }]) {
    const forged = await token({}, { alg: 'ES256', key: attacker.privateKey, header })
    assert.equal(await status(app, `Bearer ${forged}`), 401)
  }
  assert.equal(asked, 0)
})

test('A3: expiry is required and both times hold but for the skew of clocks', async (t) => {
  const { app } = build(t, { ...SECURED, JWT_CLOCK_SKEW_S: '10' })
  const now = Math.floor(Date.now() / 1000)
  for (const [times, expected] of [
    [{}, 200], [{ exp: now - 5 }, 200], [{ nbf: now + 5 }, 200],
    [{ exp: undefined }, 401], [{ exp: now - 60 }, 401], [{ nbf: now + 60 }, 401]
  ]) assert.equal(await status(app, `Bearer ${await token(times)}`), expected, JSON.stringify(times))
  const sign = (text) => createHmac('sha256', SECRET).update(text).digest('base64url')
  assert.equal(await status(app, raw({ alg: 'HS256' }, claims({ exp: String(now + 60) }), sign)), 401)
})

test('A4: issuer, audience and type must be those that are configured', async (t) => {
  const { app } = build(t, { ...SECURED, JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'telemetry' })
  const right = { iss: 'https://id.example', aud: 'telemetry' }
  assert.equal(await status(app, `Bearer ${await token(right)}`), 200)
  assert.equal(await status(app, `Bearer ${await token({ ...right, aud: ['a', 'telemetry'] })}`), 200)
  for (const wrong of [{ iss: 'https://id.example.evil' }, { iss: undefined }, { aud: 'other' }, { aud: undefined }]) {
    assert.equal(await status(app, `Bearer ${await token({ ...right, ...wrong })}`), 401, JSON.stringify(wrong))
  }
  assert.equal(await status(app, `Bearer ${await token(right, { header: { typ: 'logout+jwt' } })}`), 401)
})

test('a token without a usable tenant is 401, and one without a role that is known is 403', async (t) => {
  const { app } = build(t, SECURED)
  for (const tenant of [undefined, '', '../x', 5, ['acme'], 'a'.repeat(65)]) {
    assert.equal(await status(app, `Bearer ${await token({ tenant_id: tenant })}`), 401, String(tenant))
  }
  for (const roles of [[], ['root'], '', 'superadmin', ['ingest']]) {
    assert.equal(await status(app, `Bearer ${await token({ roles })}`), 403, String(roles))
  }
  assert.equal(await status(app, `Bearer ${await token({ roles: 'viewer ingest' })}`), 200)
})

test('A5: a short or default secret, and production without identity, refuse to start', () => {
  const fails = (env) => assert.throws(() => readConfig(env), { code: 'config_invalid' }, JSON.stringify(env))
  for (const secret of ['short', 'secret'.repeat(10), 'change-me-in-production-0123456789', 'a'.repeat(40)]) {
    fails({ JWT_SECRET: secret })
  }
  fails({ NODE_ENV: 'production', AUTH_REQUIRED: 'false' })
  fails({ HOST: '0.0.0.0', AUTH_REQUIRED: 'false' })
  fails({ JWT_SECRET: SECRET, JWT_JWKS_URL: 'https://id.example/keys' })
  fails({ JWT_JWKS_URL: 'https://id.example/keys' })
  fails({ JWT_JWKS_URL: 'http://id.example/keys', JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' })
  fails({ JWT_SECRET: SECRET, JWT_ALGORITHMS: 'none' })
  fails({ JWT_SECRET: SECRET, JWT_ALGORITHMS: 'RS256' })
  assert.equal(readConfig({ NODE_ENV: 'production' }).config.identity.isOpen, false)
  assert.equal(readConfig({ HOST: '0.0.0.0' }).config.identity.isOpen, false)
  assert.equal(readConfig({}).config.identity.isOpen, true)
})

test('A6: keys of a set rotate, and one that was taken out is refused once the cache has passed', async (t) => {
  const pairs = ['one', 'two'].map((kid) => ({ kid, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }))
  let served = [pairs[0]]
  const server = createServer((_request, response) => {
    const keys = served.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256' }))
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const jwks = `http://127.0.0.1:${server.address().port}/keys`
  const { app } = build(t, { JWT_JWKS_URL: jwks, JWT_JWKS_CACHE_S: '1', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' })
  const signed = async ({ kid, privateKey }) =>
    `Bearer ${await token({ iss: 'i', aud: 'a' }, { alg: 'ES256', key: privateKey, header: { kid } })}`
  const [first, second] = await Promise.all(pairs.map(signed))
  assert.equal(await status(app, first), 200)
  assert.equal(await status(app, second), 401)
  served = [pairs[1]]
  const deadline = Date.now() + 5_000
  while (await status(app, first) !== 401 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(await status(app, first), 401)
  assert.equal(await status(app, second), 200)
})

test('API keys are made, used, listed without their secret, and revoked', async (t) => {
  const { app } = build(t, SECURED)
  const admin = await bearer(['admin'])
  const made = await post(app, '/api/v1/telemetry/keys', { roles: ['ingest'] }, admin)
  assert.equal(made.statusCode, 201, made.body)
  const { id, key } = made.json()
  const send = (headers) => post(app, EVENTS, event('a'), headers).then((response) => response.statusCode)
  assert.equal(await send({ authorization: `Bearer ${key}` }), 200)
  assert.equal(await send({ 'x-api-key': key }), 200)
  assert.equal(await send({ 'x-api-key': key, ...admin }), 401, 'two credentials')
  assert.equal(await send({ 'x-api-key': `${key.slice(0, -1)}_` }), 401)
  assert.equal(await status(app, `Bearer ${key}`), 403)
  const listed = await app.inject({ url: '/api/v1/telemetry/keys', headers: admin })
  assert.ok(listed.body.includes(id) && !listed.body.includes(key))
  const other = await bearer(['admin'], 'other')
  assert.ok(!(await app.inject({ url: '/api/v1/telemetry/keys', headers: other })).body.includes(id))
  await app.inject({ method: 'DELETE', url: `/api/v1/telemetry/keys/${id}`, headers: other })
  assert.equal(await send({ 'x-api-key': key }), 200, "another tenant's admin cannot revoke it")
  const revoked = await app.inject({ method: 'DELETE', url: `/api/v1/telemetry/keys/${id}`, headers: admin })
  assert.equal(revoked.statusCode, 200, revoked.body)
  assert.equal(await send({ 'x-api-key': key }), 401)
})

const EXAMPLES = { ':trace_id': 'a'.repeat(32), ':user_id': 'ann', ':key_id': 'none' }
const ROUTES = Object.entries(ACCESS).map(([route, access]) => {
  const [method, pattern] = route.split(' ')
  return { method, pattern, access, url: pattern.replace(/:\w+/, (name) => EXAMPLES[name]).replace('*', 'app.js') }
})
/** What routes that look at credentials themselves answer where there are none. */
const SESSION = '/api/v1/telemetry/dashboard/session'
const OWN_ANSWERS = { [`GET ${SESSION}`]: 401, [`POST ${SESSION}`]: 401, [`DELETE ${SESSION}`]: 204 }

test('A8: every route refuses who has no credentials and who lacks a role, and nobody else', async (t) => {
  const { app } = build(t, SECURED)
  await app.ready()
  const tokens = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await bearer([role])])))
  for (const { method, pattern, access, url } of ROUTES) {
    assert.ok(app.hasRoute({ method, url: pattern }), `${method} ${pattern} is in the table and nowhere else`)
    const anonymous = await app.inject({ method, url })
    if (access === PUBLIC) {
      assert.equal(anonymous.statusCode, OWN_ANSWERS[`${method} ${pattern}`] ?? 200, pattern)
      continue
    }
    assert.equal(anonymous.statusCode, 401, pattern)
    assert.equal(anonymous.headers['www-authenticate'], 'Bearer')
    for (const role of ROLES) {
      const { statusCode } = await app.inject({ method, url, headers: tokens[role] })
      assert.equal(statusCode === 403, !access.includes(role), `${method} ${pattern} as ${role}: ${statusCode}`)
      assert.ok(statusCode !== 401 && statusCode < 500, `${method} ${pattern} as ${role}: ${statusCode}`)
    }
  }
})

test('a route that the table of roles does not know stops the start', async (t) => {
  const { app } = build(t, SECURED)
  app.register(async (scope) => { scope.get('/api/v1/telemetry/new', async () => 'open') })
  await assert.rejects(async () => app.ready(), /GET \/api\/v1\/telemetry\/new is missing in the table of roles/)
})

test('A7: a tenant is that of the token, whatever path, parameter, header, body or record say', async (t) => {
  const { app, store } = build(t, SECURED)
  const [ours, theirs] = await Promise.all([bearer(['admin'], 'ours'), bearer(['admin'], 'theirs')])
  const span = {
    trace_id: EXAMPLES[':trace_id'], span_id: 'b'.repeat(16), name: 'n', start_time_unix_nano: `${Date.now()}000000`,
    end_time_unix_nano: `${Date.now()}000000`
  }
  const metric = { name: 'a.b', type: 'gauge', value: 1 }
  const trace = { event_key: 'a.b', severity: 'info' }
  const sent = await post(app, BATCH, [{ ...event('secret'), user_id: 'ann' }, span, metric, trace], ours)
  assert.equal(sent.json().accepted, 4, sent.body)
  await store.settle()
  const reads = ROUTES.filter(({ method, access, pattern }) =>
    method === 'GET' && access !== PUBLIC && !/keys|audit|dashboard$/.test(pattern))
  const query = { '/api/v1/telemetry/consent/status': '?user_id=ann' }
  for (const { url, pattern } of reads) {
    const path = url + (query[pattern] ?? '')
    const places = [
      { url: path }, { url: path, headers: { 'x-tenant-id': 'ours', 'x-tenant': 'ours' } },
      { url: `${path}${path.includes('?') ? '&' : '?'}tenant_id=ours` }, { url: `${path}${path.includes('?') ? '&' : '?'}tenant=ours` }
    ]
    for (const place of places) {
      const response = await app.inject({ ...place, headers: { ...place.headers, ...theirs } })
      assert.ok([200, 400, 404].includes(response.statusCode), `${place.url}: ${response.statusCode}`)
      assert.ok(!response.body.includes('secret') && !response.body.includes(span.span_id), `${place.url}: ${response.body}`)
    }
  }
  const inner = await post(app, EVENTS, { ...event('x'), tenant_id: 'ours' }, theirs)
  assert.equal(inner.statusCode, 422)
  assert.equal(inner.json().violations[0].path, '/tenant_id')
  await app.inject({ method: 'DELETE', url: '/api/v1/telemetry/data/ann', headers: theirs })
  const left = await app.inject({ url: RECORDS, headers: ours })
  assert.equal(left.json().records.length, 1)
  assert.equal(left.json().records[0].tenant_id ?? 'ours', 'ours')
})

test('A9: what only the collector may say is ignored or refused', async (t) => {
  const { app } = build(t, SECURED)
  const admin = await bearer(['ingest'])
  const body = { ...event('a'), role: 'admin', received_at: '2020-01-01T00:00:00Z' }
  const { statusCode } = await post(app, EVENTS, body, admin)
  assert.equal(statusCode, 422)
})

test('A10: no spelling of a path or method gets around the decision', async (t) => {
  const { app } = build(t, SECURED)
  const ingest = await bearer(['ingest'])
  for (const [method, url] of [
    ['GET', `/${AGGREGATE}`], ['GET', `${AGGREGATE}/`], ['GET', AGGREGATE.replace('metrics', 'METRICS')],
    ['GET', AGGREGATE.replace('metrics', '%6detrics')], ['GET', AGGREGATE.replace('/metrics', '/./metrics')],
    ['GET', AGGREGATE.replace('/metrics', '/x/../metrics')], ['GET', `${AGGREGATE};a=b`], ['HEAD', AGGREGATE],
    ['OPTIONS', AGGREGATE], ['PUT', AGGREGATE], ['GET', `${AGGREGATE}%00`]
  ]) {
    const { statusCode } = await app.inject({ method, url, headers: ingest })
    assert.ok([400, 403, 404].includes(statusCode), `${method} ${url}: ${statusCode}`)
  }
  const overridden = { ...ingest, 'x-http-method-override': 'DELETE', 'x-original-url': '/health' }
  assert.equal((await app.inject({ url: AGGREGATE, headers: overridden })).statusCode, 403)
})

test('A12: tokens and keys are in no answer, log line or metric, and none in a URL is read', async (t) => {
  const { app, lines, metrics } = build(t, SECURED)
  const good = await token()
  const key = randomBytes(24).toString('base64url')
  await app.inject({ url: AGGREGATE, headers: { authorization: `Bearer ${good}` } })
  const bodies = [
    await app.inject({ url: `${AGGREGATE}?access_token=${good}` }),
    await app.inject({ url: AGGREGATE, headers: { authorization: `Bearer ${good}x` } }),
    await app.inject({ url: AGGREGATE, headers: { 'x-api-key': key } })
  ]
  assert.deepEqual(bodies.map(({ statusCode }) => statusCode), [401, 401, 401])
  const said = JSON.stringify(lines) + await metrics.text() + bodies.map(({ body }) => body).join()
  assert.ok(!said.includes(good) && !said.includes(key))
})
