'use strict'

/**
 * One contender of the group `collector` in a process of its own: says its address, and answers each message with the
 * microseconds of CPU time that it has used so far: `all` of them, and of these the `indexer`'s, as far as they are told
 * apart. Before that, what it accepted is indexed where the message is `settled`.
 *
 *     server.js discard|checked|durable|conventional|whole FOLDER
 */

process.env.UV_THREADPOOL_SIZE ??= '16'

const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../../..')
const COLLECTOR = path.join(ROOT, 'bindings-node/collector')
const inCollector = (name) => require(require.resolve(name, { paths: [COLLECTOR] }))
const [, , kind, folder] = process.argv
/** The store, where the contender has one. */
let opened

/** The collector itself; `store` stands in for what keeps. */
function collector (env, store) {
  const { Engine, Store, codes } = inCollector('scrubjay')
  const { readConfig } = require(path.join(COLLECTOR, 'src/config/index.js'))
  const { buildApp } = require(path.join(COLLECTOR, 'src/app.js'))
  const { Metrics } = require(path.join(COLLECTOR, 'src/metrics.js'))
  require(path.join(COLLECTOR, 'src/heap.js')).relaxHeap()
  const { config } = readConfig({ RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_TENANT_PER_MINUTE: '0', ...env })
  const kept = store ?? (opened = Store.open(folder))
  return buildApp({ config, engine: new Engine(), store: kept, metrics: new Metrics(codes()), version: 'bench' })
}

/** Validates and scrubs; keeps nothing. */
function checked () {
  const { checkText } = inCollector('scrubjay/receive')
  return collector({}, {
    // The store's verdict has more counts; what they cost is the engine's.
    ingestText: async (engine, _tenant, format, body) => {
      const text = await checkText(engine, format, body)
      return text.replace('"results"', '"opted_out":0,"refused":0,"duplicates":0,"clamped":0,"results"').slice(0, -1) +
        ',"redactions":{}}'
    }
  })
}

/** Reads bodies and throws them away: what HTTP itself costs. */
function discard () {
  const app = inCollector('fastify')({ bodyLimit: 4 << 20 })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post('/api/v1/telemetry/events/batch', async (_request, reply) =>
    reply.type('application/json').send('{"accepted":100,"rejected":0,"dropped":0}'))
  return app
}

/** What comes to mind first: JSON, a schema, one pattern for each kind of personal data. */
function conventional () {
  const { clean, validator } = require('./naive.js')
  const app = inCollector('fastify')({ bodyLimit: 4 << 20 })
  const isValid = validator(inCollector)
  app.post('/api/v1/telemetry/events/batch', async (request) => {
    const results = request.body.map((record) => {
      const status = isValid(record) ? 'accepted' : 'rejected'
      const stored = JSON.stringify(clean(record))
      return { status, id: null, bytes: stored.length }
    })
    return { accepted: results.length, results }
  })
  return app
}

/** Ticks of a second in which Linux counts a thread's time; the same on every architecture that Node runs on. */
const TICKS = 100
/** The thread that moves records from the log into the day files. */
const INDEXER = 'scrubjay-index'

/** CPU time of the indexer; nothing where the system tells no threads apart. */
function indexerTime () {
  let ticks = 0
  try {
    for (const task of fs.readdirSync('/proc/self/task')) {
      const stat = fs.readFileSync(`/proc/self/task/${task}/stat`, 'latin1')
      if (!stat.includes(`(${INDEXER})`)) continue
      const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13)
      ticks += Number(user) + Number(system)
    }
  } catch {
    return 0
  }
  return ticks / TICKS * 1e6
}

const KINDS = {
  discard,
  conventional,
  checked,
  durable: () => collector({}),
  // With identity and rates, for neighbours.
  whole: () => collector({ JWT_SECRET: process.env.BENCH_SECRET, RATE_LIMIT_TENANT_PER_MINUTE: '6000' })
}

KINDS[kind]().listen({ port: 0, host: '127.0.0.1' }).then((url) => {
  process.on('message', async (message) => {
    if (message === 'settled') await opened?.settle()
    const { user, system } = process.cpuUsage()
    process.send({ all: user + system, indexer: indexerTime() })
  })
  process.on('disconnect', () => process.exit())
  process.send(url)
})
