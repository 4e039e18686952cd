'use strict'

/** Real processes and threads, ended in every way there is; records are counted at a collector. */

const assert = require('node:assert/strict')
const { fork, spawn } = require('node:child_process')
const { once } = require('node:events')
const { createServer } = require('node:http')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { before, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { Worker } = require('node:worker_threads')
const { Client } = require('../index.js')
const { TIMEOUT_MS, isolate, listen } = require('./collector.js')

before(isolate)

const HOST = join(__dirname, 'fixtures', 'host.js')
/** Records that one client of the host tracks. */
const RECORDS = 3
/** Later than any test ends: what arrives was sent because of the end. */
const LONG_MS = 3_600_000

const configOf = (endpoint, more) => ({ client: { enabled: true, endpoint, flush_interval_ms: LONG_MS, ...more } })

/** A host, which ends as told. */
function run (ending, config) {
  const env = { ...process.env, HOST_CONFIG: JSON.stringify(config) }
  return fork(HOST, [ending], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
}

for (const [ending, clients, code] of [
  ['return', 1, 0], ['exit', 1, 0], ['exception', 1, 1], ['rejection', 1, 1], ['cluster', 3, 0], ['fork', 3, 0], ['threads', 4, 0]
]) {
  test(`nothing is lost when a program ends by ${ending}`, async (t) => {
    const { arrived, endpoint } = await listen(t)
    const host = run(ending, configOf(endpoint))
    const [status] = await once(host, 'exit')
    assert.equal(status, code)
    const records = await arrived(clients * RECORDS)
    assert.equal(records.length, clients * RECORDS)
  })
}

for (const ending of ['return', 'exit']) {
  test(`under an ESM loader nothing of the program, its preload or the loader is lost when it ends by ${ending}`, async (t) => {
    const { arrived, endpoint } = await listen(t)
    const fixture = (name) => join(__dirname, 'fixtures', name)
    const env = { ...process.env, HOST_CONFIG: JSON.stringify(configOf(endpoint)) }
    const program = ['--import', pathToFileURL(fixture('register.mjs')).href, fixture('loaded.mjs'), ending]
    await collected(spawn(process.execPath, program, { env }))
    assert.deepEqual((await arrived(3)).map(({ event }) => event).sort(), ['load', 'main', 'preload'])
  })
}

test('a backend that never answers holds up the end of a program and its threads for a second in all', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  const host = run('threads', configOf(`http://127.0.0.1:${server.address().port}`))
  const [begun] = await once(host, 'message')
  await once(host, 'exit')
  const milliseconds = Date.now() - begun
  // A second, a tenth for the threads, and what a busy machine needs.
  assert.ok(milliseconds < 2_000, `${milliseconds} ms`)
})

test('SIGTERM ends a program with shutdown hooks as it would without, after delivery', async (t) => {
  const { arrived, endpoint } = await listen(t)
  const host = run('hooks', configOf(endpoint))
  await once(host, 'message')
  host.kill('SIGTERM')
  const [, signal] = await once(host, 'exit')
  assert.equal(signal, 'SIGTERM')
  assert.equal((await arrived(RECORDS)).length, RECORDS)
})

test('a host that listens to SIGTERM itself decides when it ends, and may track until then', async (t) => {
  const { arrived, endpoint } = await listen(t)
  const host = run('shared', configOf(endpoint))
  await once(host, 'message')
  host.kill('SIGTERM')
  const [status] = await once(host, 'exit')
  assert.equal(status, 7)
  assert.equal((await arrived(RECORDS + 1)).length, RECORDS + 1)
})

test('without hooks no signal is listened to', () => {
  const counts = () => ['SIGTERM', 'SIGINT', 'uncaughtException'].map((name) => process.listenerCount(name))
  const before = counts()
  const client = new Client(configOf('http://127.0.0.1:9'))
  client.track({})
  assert.deepEqual(counts(), before)
  return client.shutdown(0)
})

test('in durable mode SIGKILL loses nothing: the next process delivers', async (t) => {
  const { arrived, records, endpoint } = await listen(t)
  const home = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const config = configOf(endpoint, { durable: true, spool: { dir: home } })
  const host = run('killed', config)
  await once(host, 'message')
  host.kill('SIGKILL')
  await once(host, 'exit')
  const before = records().length
  const next = run('return', config)
  await once(next, 'exit')
  const ids = new Set((await arrived(2 * RECORDS)).map(({ id }) => id))
  assert.ok(before <= RECORDS && ids.size === 2 * RECORDS, `${before} before, ${ids.size} in all`)
})

test('trackAsync leaves the event loop alone and resolves when the record is on the disk', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const client = new Client(configOf('http://127.0.0.1:9', { durable: true, spool: { dir: home } }))
  const order = []
  const tracked = Array.from({ length: 8 }, (_, n) => {
    return client.trackAsync({ channel: 'app', event: 'durable', payload: { n } }).then((kept) => order.push(kept))
  })
  order.push('loop')
  await Promise.all(tracked)
  assert.deepEqual(order, ['loop', ...Array(8).fill(true)])
  assert.equal(client.stats().spooled, 8)
  await client.shutdown(0)
  assert.equal(await client.trackAsync({}), false)
})

/** Eight at a time; each ends in the middle of tracking. */
const THREADS = 8
const TERMINATIONS = Number(process.env.SCRUBJAY_TEST_TERMINATIONS ?? 200)

test('threads that are terminated in the middle of tracking lose no record', async (t) => {
  const { arrived, records, endpoint } = await listen(t)
  const config = configOf(endpoint, { queue_max_items: 1_000_000, queue_max_bytes: 1 << 28, flush_interval_ms: 5 })
  const counts = new Int32Array(new SharedArrayBuffer(4))
  const code = `const { Client } = require(${JSON.stringify(join(__dirname, '..'))})
    const { parentPort, workerData: { config, counts } } = require('node:worker_threads')
    const client = new Client(config)
    for (let n = 0; ; n++) {
      client.track({ channel: 'app', event: 'thread', payload: { n } })
      Atomics.add(counts, 0, 1)
      if (n === 9) parentPort.postMessage('tracked')
      // Now and then in the middle of a slab, now and then in a wait.
      if (n % 50 === 49) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }`
  let left = TERMINATIONS
  await Promise.all(Array.from({ length: THREADS }, async () => {
    while (left-- > 0) {
      const worker = new Worker(code, { eval: true, workerData: { config, counts } })
      await once(worker, 'message')
      await worker.terminate()
    }
  }))
  const counted = counts[0]
  await arrived(counted)
  // One that was tracked and not counted yet, in each.
  assert.ok(records().length <= counted + TERMINATIONS, `${records().length} of ${counted}`)
  const ids = new Set(records().map(({ id }) => id))
  assert.equal(ids.size, records().length)
  t.diagnostic(`${TERMINATIONS} terminations, ${counted} records`)
})

test('ten thousand clients that are made and closed leave no memory, file or thread behind', async () => {
  const { stdout } = await collected(spawn('node', ['--expose-gc', '-e', `
    const { readdirSync } = require('node:fs')
    const { Client } = require('./index.js')
    const usage = () => {
      for (let n = 0; n < 3; n++) gc()
      const { rss, external, arrayBuffers } = process.memoryUsage()
      const count = (folder) => readdirSync('/proc/self/' + folder).length
      const isLinux = process.platform === 'linux'
      return { rss, external, arrayBuffers, files: isLinux ? count('fd') : 0, threads: isLinux ? count('task') : 0 }
    }
    const many = async (count) => {
      for (let n = 0; n < count; n++) {
        const client = new Client({ client: { enabled: true, endpoint: 'http://127.0.0.1:9', upload_enabled: n % 10 === 0 } })
        client.track({ channel: 'app', event: 'leak', payload: { n } })
        await client.shutdown(0)
        // Finalizers run when the loop turns; what waits for them is no leak.
        if (n % 500 === 0) { gc(); await new Promise(setImmediate) }
      }
    }
    (async () => {
      await many(2_000)
      const before = usage()
      await many(10_000)
      console.log(JSON.stringify([before, usage()]))
    })()`], { cwd: join(__dirname, '..') }))
  const [first, last] = JSON.parse(stdout)
  for (const name of ['files', 'threads']) assert.ok(last[name] <= first[name] + 1, `${name}: ${first[name]}, ${last[name]}`)
  // Less than 2 KB a client, of the 260 KB that each one's slab had.
  for (const name of ['rss', 'external', 'arrayBuffers']) {
    assert.ok(last[name] - first[name] < 20_000_000, `${name}: ${first[name]}, ${last[name]}`)
  }
})

/** What a program printed, when it ended well. */
async function collected (child) {
  const [stdout, stderr, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'close')])
  assert.equal(code, 0, Buffer.concat(stderr).toString())
  return { stdout: Buffer.concat(stdout).toString() }
}
