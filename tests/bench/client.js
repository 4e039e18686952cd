'use strict'

/**
 * What the built Node package costs a caller, against packages from npm, for `make bench`: rows as JSON objects.
 *
 * One event with six attributes, whose values differ from call to call. All contenders are drained between rounds,
 * outside of the time that is measured, so that nobody takes the cheap way out of a full queue. Node tells the CPU time
 * of the process only: rounds are short of a batch, so no worker of ours runs meanwhile.
 */

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const readline = require('node:readline')

const ROOT = path.resolve(__dirname, '../..')
const FOLDER = path.join(ROOT, 'target/bench/client')
const PEERS = { '@opentelemetry/sdk-logs': '0.223.1', '@opentelemetry/api-logs': '0.223.1', pino: '10.4.0' }

/** Odd, so that the median is a round that happened. */
const ROUNDS = 201
/** Together below our batch of 1,000 and all queues. The first are not measured: what the others left in the caches. */
const EVENTS = 800
const WARMING = 100

async function main () {
  const server = spawn(process.env.PYTHON ?? 'python3', [path.join(__dirname, 'discard.py')], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const [endpoint] = await once(readline.createInterface(server.stdout), 'line')
  const contenders = available(endpoint)
  const times = await medians(contenders)
  server.stdin.end()
  for (const [name, ours, theirs] of [
    ['node_track_vs_otel', 'track', 'otel'],
    ['node_track_checked_vs_otel', 'trackChecked', 'otel'],
    ['node_track_vs_pino', 'track', 'pino']
  ]) {
    if (!(theirs in times)) continue
    const row = { name, ratio: times[theirs] / times[ours], ours: times[ours], theirs: times[theirs], unit: 'ns/event' }
    console.log(JSON.stringify(row))
  }
}

/** Each contender: what takes one event, and what drains. Peers that cannot be had are named on standard error. */
function available (endpoint) {
  const { Client } = require(path.join(ROOT, 'bindings-node'))
  const limits = { batch_max_items: 1000, queue_max_items: 2048, flush_interval_ms: 3_600_000 }
  const make = () => new Client({ client: { enabled: true, endpoint, ...limits } })
  const [tracking, checking] = [make(), make()]
  const contenders = {
    track: [(payload) => tracking.track({ channel: 'web', event: 'request', payload }), () => tracking.flush()],
    trackChecked: [
      (payload) => checking.trackChecked({ channel: 'web', event: 'request', payload }), () => checking.flush()
    ]
  }
  try {
    install()
    contenders.otel = otel()
    contenders.pino = pino()
  } catch (error) {
    console.error(`peers left out: ${error.message}`)
  }
  return contenders
}

function install () {
  fs.mkdirSync(FOLDER, { recursive: true })
  const missing = Object.entries(PEERS).filter(([name]) => !fs.existsSync(path.join(FOLDER, 'node_modules', name)))
  if (missing.length === 0) return
  const flags = ['--prefix', FOLDER, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const names = Object.entries(PEERS).map(([name, version]) => `${name}@${version}`)
  execFileSync('npm', ['install', ...flags, ...names], { stdio: ['ignore', 2, 2] })
}

const peer = (name) => require(path.join(FOLDER, 'node_modules', name))

/** Its logs on the batch processor, with an exporter that does nothing. */
function otel () {
  const { BatchLogRecordProcessor, LoggerProvider } = peer('@opentelemetry/sdk-logs')
  const nowhere = { export: (records, done) => done({ code: 0 }), forceFlush: async () => {}, shutdown: async () => {} }
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: nowhere })] })
  const logger = provider.getLogger('bench')
  const take = (attributes) => {
    logger.emit({ timestamp: Date.now(), severityNumber: 9, eventName: 'request', attributes })
  }
  return [take, () => provider.forceFlush()]
}

/** JSON lines into nothing. */
function pino () {
  const make = peer('pino')
  const logger = make({}, make.destination({ dest: '/dev/null', sync: true }))
  return [(fields) => logger.info(fields, 'request'), async () => {}]
}

/** Nanoseconds of CPU time of each contender for one event, over interleaved rounds. */
async function medians (contenders) {
  const times = {}
  // The first rounds warm the compiler.
  for (let round = -20; round < ROUNDS; round++) {
    for (const [name, [take, drain]] of Object.entries(contenders)) {
      for (let n = 0; n < WARMING; n++) take(eventOf(n))
      const begun = process.cpuUsage()
      for (let n = 0; n < EVENTS; n++) take(eventOf(n))
      const { user, system } = process.cpuUsage(begun)
      if (round >= 0) (times[name] ??= []).push((user + system) * 1000 / EVENTS)
      await drain()
    }
  }
  const median = (each) => each.sort((a, b) => a - b)[(each.length - 1) / 2]
  return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]))
}

/** An event as a web server has it. */
function eventOf (n) {
  return {
    'http.request.method': n % 3 ? 'POST' : 'GET',
    'http.route': '/api/v1/items/{id}',
    'http.response.status_code': 200 + n % 5,
    duration_ms: n * 0.37,
    'cache.hit': n % 2 === 0,
    'cloud.region': 'eu-west-1'
  }
}

main().then(() => process.exit())
