'use strict'

/**
 * What it costs a host's thread that pino's lines and OpenTelemetry's records go to scrubjay, against where their own
 * packages would take them, for `make bench`: rows as JSON objects. A ratio is ours by theirs.
 *
 * Linux tells the CPU time of the one thread; elsewhere it is the process's, with the threads of both sides in it.
 */

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { createServer } = require('node:http')
const readline = require('node:readline')
const { gunzipSync } = require('node:zlib')

const ROOT = path.resolve(__dirname, '../..')
const FOLDER = path.join(ROOT, 'target/bench/bridges')
const PACKAGE = path.join(ROOT, 'bindings-node')
const PEERS = {
  '@opentelemetry/api': '1.9.0',
  '@opentelemetry/api-logs': '0.223.1',
  '@opentelemetry/exporter-logs-otlp-proto': '0.223.1',
  '@opentelemetry/exporter-trace-otlp-proto': '0.223.1',
  '@opentelemetry/sdk-logs': '0.223.1',
  '@opentelemetry/sdk-trace-base': '2.12.1',
  pino: '10.4.0'
}

/** Odd, so that the median is a round that happened. */
const ROUNDS = 101
const WARMING_ROUNDS = 20
/** One batch of either side. */
const EVENTS = 500

async function main () {
  install()
  const server = spawn(process.execPath, [__filename, 'discard'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [endpoint] = await once(readline.createInterface(server.stdout), 'line')
  const times = await medians({ ...logs(endpoint), ...spans(endpoint), ...pino(endpoint) })
  server.stdin.end()
  for (const [name, ours, theirs] of [
    ['node_pino_transport', 'pinoOurs', 'pinoFile'],
    ['node_otel_logs_bridge', 'logsOurs', 'logsOtlp'],
    ['node_otel_logs_bridge_vs_nowhere', 'logsOurs', 'logsNowhere'],
    ['node_otel_spans_bridge', 'spansOurs', 'spansOtlp'],
    ['node_otel_spans_bridge_vs_nowhere', 'spansOurs', 'spansNowhere']
  ]) {
    const row = { name, ratio: times[ours] / times[theirs], ours: times[ours], theirs: times[theirs], unit: 'ns/event' }
    console.log(JSON.stringify(row))
  }
}

function install () {
  fs.mkdirSync(FOLDER, { recursive: true })
  const missing = Object.keys(PEERS).filter((name) => !fs.existsSync(path.join(FOLDER, 'node_modules', name)))
  if (missing.length === 0) return
  const flags = ['--prefix', FOLDER, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const names = Object.entries(PEERS).map(([name, version]) => `${name}@${version}`)
  execFileSync('npm', ['install', ...flags, ...names], { stdio: ['ignore', 2, 2] })
}

const peer = (name) => require(path.join(FOLDER, 'node_modules', name))
const NOWHERE = { export: (_, done) => done({ code: 0 }), forceFlush: async () => {}, shutdown: async () => {} }
const clientConfig = (endpoint) => ({ client: { enabled: true, endpoint, queue_max_items: 4096 } })

function ourClient (endpoint) {
  const { Client } = require(PACKAGE)
  return new Client(clientConfig(endpoint))
}

function logs (endpoint) {
  const { BatchLogRecordProcessor, LoggerProvider } = peer('@opentelemetry/sdk-logs')
  const { OTLPLogExporter } = peer('@opentelemetry/exporter-logs-otlp-proto')
  const { ScrubjayLogRecordExporter } = require(path.join(PACKAGE, 'opentelemetry.js'))
  const through = (processor) => {
    const provider = new LoggerProvider({ processors: [processor] })
    const logger = provider.getLogger('bench')
    const take = (attributes) => logger.emit({ timestamp: Date.now(), severityNumber: 9, body: 'request', attributes })
    return [take, () => provider.forceFlush()]
  }
  return {
    logsOurs: through(new BatchLogRecordProcessor({ exporter: new ScrubjayLogRecordExporter(ourClient(endpoint)) })),
    logsOtlp: through(new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${endpoint}/v1/logs` }) })),
    logsNowhere: through(new BatchLogRecordProcessor({ exporter: NOWHERE }))
  }
}

function spans (endpoint) {
  const { BasicTracerProvider, BatchSpanProcessor } = peer('@opentelemetry/sdk-trace-base')
  const { OTLPTraceExporter } = peer('@opentelemetry/exporter-trace-otlp-proto')
  const { ScrubjaySpanProcessor } = require(path.join(PACKAGE, 'opentelemetry.js'))
  const through = (processor) => {
    const provider = new BasicTracerProvider({ spanProcessors: [processor] })
    const tracer = provider.getTracer('bench')
    return [(attributes) => tracer.startSpan('request', { attributes }).end(), () => provider.forceFlush()]
  }
  return {
    spansOurs: through(new ScrubjaySpanProcessor(ourClient(endpoint))),
    spansOtlp: through(new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }))),
    spansNowhere: through(new BatchSpanProcessor(NOWHERE))
  }
}

function pino (endpoint) {
  const make = peer('pino')
  const through = (options) => {
    const transport = make.transport(options)
    const logger = make({}, transport)
    return [(fields) => logger.info(fields, 'request'), () => new Promise((resolve) => transport.flush(resolve))]
  }
  return {
    pinoOurs: through({ target: path.join(PACKAGE, 'pino.js'), options: { config: clientConfig(endpoint) } }),
    pinoFile: through({ target: 'pino/file', options: { destination: '/dev/null' } })
  }
}

const NOBODY = new Int32Array(new SharedArrayBuffer(4))

/** Nanoseconds that this thread has run. */
function cpuTime () {
  try {
    // The system brings the figure up to date when the thread stops.
    Atomics.wait(NOBODY, 0, 0, 0.05)
    return Number(fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0])
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) * 1000
  }
}

/** Nanoseconds of each contender for one event, what drains it included, over interleaved rounds. */
async function medians (contenders) {
  const times = {}
  for (let round = -WARMING_ROUNDS; round < ROUNDS; round++) {
    for (const [name, [take, drain]] of Object.entries(contenders)) {
      const begun = cpuTime()
      for (let n = 0; n < EVENTS; n++) take(eventOf(n))
      await drain()
      if (round >= 0) (times[name] ??= []).push((cpuTime() - begun) / EVENTS)
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

/** Accepts everything, in a process of its own: ours by its count, OpenTelemetry's by an empty answer. */
function discard () {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const type = request.url.startsWith('/v1/') ? 'application/x-protobuf' : 'application/json'
    response.writeHead(200, { 'content-type': type })
    if (type !== 'application/json') return response.end()
    const accepted = gunzipSync(body).toString('latin1').split('{"schema":"').length - 1
    response.end(JSON.stringify({ accepted, rejected: 0, dropped: 0 }))
  })
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
  process.stdin.on('end', () => process.exit()).resume()
}

if (process.argv[2] === 'discard') discard()
else main().then(() => process.exit())
