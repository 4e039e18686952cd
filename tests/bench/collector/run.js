'use strict'

/**
 * What the collector costs beside a server that discards, and beside a conventional one, for `make bench`: rows as JSON
 * objects.
 *
 *     run.js EVENTS.jsonl [COMMAND…]
 *
 * COMMAND inserts lines of a file, its last argument, into a plain SQLite table and prints `{"us_per_event":n}`.
 *
 * Each contender is a process; this one sends. Compared is the CPU time of the contender's process for one event, which
 * is what decides how many a core takes; a busy machine distorts it less than the clock. Latencies are the clock's.
 */

const { createHmac, randomUUID } = require('node:crypto')
const { execFileSync, fork } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const { Agent, request } = require('node:http')
const { connect } = require('node:net')
const os = require('node:os')
const path = require('node:path')

const BATCH = '/api/v1/telemetry/events/batch'
const EVENTS_A_BATCH = 100
/** As many as the collector's own client keeps at most in some processes; enough that no server waits for a sender. */
const CONNECTIONS = 16
/** Odd, so that the median is a round that happened. */
const ROUNDS = 9
/** Of about a second for the fast ones. */
const BATCHES = { discard: 1_000, checked: 400, durable: 200, conventional: 40 }
/**
 * Requests to each before the first round: V8 compiles what a request runs, in threads of its own, for some 2,500 of them. A
 * collector runs for days.
 */
const WARMING = 3_000
/** Rows of the plain table: as many as the collector gets in its rounds. */
const SQLITE_EVENTS = 100_000
/** How the corpus begins its events. */
const HEAD = /^\{"id":"[^"]*","timestamp":"[^"]*"/
const SECRET = 'bench-9fQ2vKx7ZmLr4TgYw8NcHs5JfP'
/** Requests whose latency is looked at, and a pause between them: a neighbour that is busy, but not the load. */
const PROBES = 400
const PROBE_PAUSE_MS = 5
const LORIS = 500

async function main () {
  const lines = fs.readFileSync(process.argv[2], 'utf8').trimEnd().split('\n')
  const bodies = []
  for (let i = 0; i + EVENTS_A_BATCH <= lines.length; i += EVENTS_A_BATCH) {
    bodies.push(Buffer.from(`[${lines.slice(i, i + EVENTS_A_BATCH).join(',')}]`))
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scrubjay-bench-'))
  try {
    const times = await costs(lines, bodies, folder)
    if (process.argv.length > 3) durable(times, lines, folder)
    for (const [name, ours, theirs] of [
      ['ingest_vs_discard', 'checked', 'discard'], ['ingest_vs_conventional', 'checked', 'conventional'],
      ['durable_vs_discard', 'durable', 'discard']
    ]) row(name, times[theirs] / times[ours], times[ours], times[theirs], 'µs CPU/event')
    await neighbours(bodies[0], folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function row (name, ratio, ours, theirs, unit) {
  console.log(JSON.stringify({ name, ratio, ours, theirs, unit }))
}

async function start (kind, folder) {
  const child = fork(path.join(__dirname, 'server.js'), [kind, path.join(folder, kind)], {
    env: { ...process.env, BENCH_SECRET: SECRET, LOG_LEVEL: 'silent' }
  })
  const [url] = await once(child, 'message')
  const cpu = async (when) => {
    child.send(when)
    const [used] = await once(child, 'message')
    return used
  }
  return { child, url, cpu }
}

/** Microseconds of CPU time an event of each contender: medians over interleaved rounds. */
async function costs (lines, bodies, folder) {
  const contenders = Object.fromEntries(await Promise.all(
    Object.keys(BATCHES).map(async (kind) => [kind, await start(kind, folder)])))
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const times = {}
  const bodiesOf = (kind) => kind === 'durable' ? fresh(lines, BATCHES[kind]) : bodies
  for (const [kind, { url }] of Object.entries(contenders)) {
    for (let sent = 0; sent < WARMING; sent += BATCHES[kind]) await load(agent, url, bodiesOf(kind), BATCHES[kind])
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, { url, cpu }] of Object.entries(contenders)) {
      const count = BATCHES[kind] * EVENTS_A_BATCH
      const sent = bodiesOf(kind)
      const begun = await cpu('settled')
      await load(agent, url, sent, BATCHES[kind])
      const used = await cpu('now')
      // What indexes what was acknowledged is no part of an acknowledgement; both are shown.
      const indexer = used.indexer - begun.indexer
      ;(times[kind] ??= []).push((used.all - begun.all - indexer) / count)
      if (kind !== 'durable') continue
      const indexed = await cpu('settled')
      ;(times.indexed ??= []).push((indexed.all - begun.all) / count)
    }
  }
  agent.destroy()
  for (const { child } of Object.values(contenders)) child.disconnect()
  return Object.fromEntries(Object.entries(times).map(([kind, each]) => [kind, median(each)]))
}

/** The same events as bodies, under ids and times of their own: what comes again costs a store next to nothing. */
function fresh (lines, count) {
  const body = (_, n) => {
    const at = n * EVENTS_A_BATCH % (lines.length - EVENTS_A_BATCH + 1)
    return Buffer.from(`[${lines.slice(at, at + EVENTS_A_BATCH).map(renewed).join(',')}]`)
  }
  return Array.from({ length: count }, body)
}

/** @param {string} line */
function renewed (line) {
  return line.replace(HEAD, `{"id":"${randomUUID()}","timestamp":"${new Date().toISOString()}"`)
}

/** A core's acknowledgements, and all that they cost in the end, beside inserting the same events into SQLite. */
function durable (times, lines, folder) {
  const [command, ...rest] = process.argv.slice(3)
  const file = path.join(folder, 'rows.jsonl')
  const rows = Array.from({ length: SQLITE_EVENTS }, (_, n) => renewed(lines[n % lines.length]))
  fs.writeFileSync(file, rows.join('\n'))
  const said = execFileSync(command, [...rest, file], { encoding: 'utf8', maxBuffer: 1 << 20 })
  const { us_per_event: plain } = JSON.parse(said.trim().split('\n').at(-1))
  row('durable_vs_sqlite', plain / times.durable, times.durable, plain, 'µs CPU/event')
  row('indexed_vs_sqlite', plain / times.indexed, times.indexed, plain, 'µs CPU/event')
}

function median (each) {
  return each.sort((a, b) => a - b)[(each.length - 1) / 2]
}

async function load (agent, url, bodies, count) {
  let next = 0
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (next < count) {
      const status = await post(agent, url, bodies[next++ % bodies.length])
      if (status !== 200) throw new Error(`status ${status}`)
    }
  }))
}

function post (agent, url, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url + BATCH, {
      agent, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers }
    }, (response) => response.resume().on('end', () => resolve(response.statusCode)))
    sent.on('error', reject).end(body)
  })
}

/** A tenant's 99th percentile alone, and beside 500 connections that never finish and a tenant beyond its rate. */
async function neighbours (body, folder) {
  const { child, url } = await start('whole', folder)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const quiet = { authorization: `Bearer ${token('quiet')}` }
  const probe = async () => {
    const took = []
    for (let i = 0; i < PROBES; i++) {
      const begun = performance.now()
      if (await post(agent, url, body, quiet) !== 200) throw new Error('the neighbour was refused')
      took.push(performance.now() - begun)
      await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS))
    }
    return took.sort((a, b) => a - b)[Math.floor(PROBES * 0.99)]
  }
  await probe()
  const alone = await probe()

  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: LORIS }, () => {
    const socket = connect(Number(port), hostname).on('error', () => {})
    socket.write(`POST ${BATCH} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n`)
    return socket
  })
  const beside = await probe()
  sockets.forEach((socket) => socket.destroy())
  row('slow_loris_p99', beside / alone, beside, alone, 'ms, 99th percentile')

  // Its first minute's worth is used up; from then on it is refused, and tries on.
  const noisy = { authorization: `Bearer ${token('noisy')}` }
  const noise = new Agent({ keepAlive: true, maxSockets: 4 })
  let isOver = false
  let refused = 0
  const shouting = Array.from({ length: 4 }, async () => {
    while (!isOver) if (await post(noise, url, body, noisy) === 429) refused++
  })
  while (refused === 0) await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS))
  const withNoise = await probe()
  isOver = true
  await Promise.all(shouting)
  row('noisy_neighbour_p99', withNoise / alone, withNoise, alone, 'ms, 99th percentile')
  agent.destroy()
  noise.destroy()
  child.disconnect()
}

function token (tenant) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: 'bench', tenant_id: tenant, roles: ['ingest'], exp: Math.floor(Date.now() / 1000) + 3_600 }
  const signed = `${part({ alg: 'HS256' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

main().then(() => process.exit(), (error) => { console.error(error); process.exit(1) })
