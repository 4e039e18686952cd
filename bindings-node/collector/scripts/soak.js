'use strict'

/**
 * The collector under load for a while, for `make soak`: killed and started again at random in the first half, left
 * alone in the second. What got a 2xx is stored, once; memory of the second half does not grow.
 *
 *     soak.js SECONDS [SEED]
 *
 * Prints what it found, and exits 1 where that is a fault. The seed decides when it kills.
 */

const { spawn } = require('node:child_process')
const { randomUUID } = require('node:crypto')
const { once } = require('node:events')
const { mkdtempSync, readFileSync, rmSync } = require('node:fs')
const { createServer } = require('node:net')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { createInterface } = require('node:readline')

const COLLECTOR = join(__dirname, '..')
const BATCH = '/api/v1/telemetry/events/batch'
const RECORDS = '/api/v1/telemetry/records'
const SENDERS = 4
const RECORDS_A_BATCH = 50
/** Between two batches of a sender: some thousand records a second in all, as a busy collector has. */
const PAUSE_MS = 100
/** Between two kills. */
const SHORTEST_LIFE_MS = 3_000
const LONGEST_LIFE_MS = 15_000
/** Between two looks at the memory. */
const LOOK_MS = 1_000
/** The share of the second half in which caches fill, before memory is looked at. */
const WARM_UP = 1 / 3
/** How much more memory the last quarter of the looks may show than the first. */
const MAX_DRIFT = 0.05
/** Fewer looks say nothing about memory. */
const MIN_LOOKS = 40
const READY_MS = 30_000

/** Numbers that only look random: the same for the same seed (mulberry32). */
function random (seed) {
  let state = seed >>> 0
  return () => {
    state = state + 0x6D2B79F5 >>> 0
    let mixed = Math.imul(state ^ state >>> 15, state | 1)
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61)
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** The service, once it listens. */
async function start (port, data) {
  const child = spawn('node', ['src/server.js'], {
    cwd: COLLECTOR,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      PROMETHEUS_PORT: '0',
      DATA_DIR: data,
      LOG_LEVEL: 'info',
      RATE_LIMIT_PER_MINUTE: '0',
      RATE_LIMIT_TENANT_PER_MINUTE: '0'
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the collector does not come up')), READY_MS)
    child.once('exit', (code) => reject(new Error(`the collector ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (JSON.parse(line).msg !== 'listening') return
      clearTimeout(timer)
      resolve(undefined)
    })
  })
  child.removeAllListeners('exit')
  return child
}

async function kill (child) {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Resident bytes of a process; nothing where the system does not say. */
function resident (pid) {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1_024
  } catch {
    return NaN
  }
}

/** Sends batches until told to stop; a batch that got no answer is sent again as it is. */
async function sender (url, state) {
  while (!state.isOver) {
    const ids = Array.from({ length: RECORDS_A_BATCH }, () => randomUUID())
    const body = JSON.stringify(ids.map((id, i) => ({
      id,
      timestamp: new Date().toISOString(),
      channel: 'soak',
      event: `event_${i % 20}`,
      user_id: `user-${i}`,
      payload: { i, note: 'mail ann@example.com', path: `/items/${i}` }
    })))
    while (true) {
      try {
        const response = await fetch(url + BATCH, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        const { accepted } = await response.json()
        if (response.status === 200) {
          if (accepted !== RECORDS_A_BATCH) throw Object.assign(new Error(`only ${accepted} were accepted`), { isFault: true })
          for (const id of ids) state.told.add(id)
          break
        }
      } catch (error) {
        if (error.isFault) throw error
        state.again++
      }
      await pause(PAUSE_MS)
    }
    await pause(PAUSE_MS)
  }
}

/** How often each id is stored. */
async function stored (url, since) {
  const counts = new Map()
  let cursor
  do {
    const query = new URLSearchParams({
      start_time: since, end_time: new Date(Date.now() + 60_000).toISOString(), limit: '1000', consistency: 'now',
      ...(cursor ? { cursor } : {})
    })
    const response = await fetch(`${url}${RECORDS}?${query}`)
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    const { records, next } = await response.json()
    for (const { id } of records) counts.set(id, (counts.get(id) ?? 0) + 1)
    cursor = next
  } while (cursor)
  return counts
}

function median (numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
}

/** The growth of memory over the looks behind the warm-up; NaN where there are too few. */
function drift (looks) {
  const warm = looks.slice(Math.ceil(looks.length * WARM_UP))
  if (warm.length < MIN_LOOKS || warm.some(Number.isNaN)) return NaN
  const quarter = warm.length >> 2
  return median(warm.slice(-quarter)) / median(warm.slice(0, quarter)) - 1
}

async function main () {
  const seconds = Number(process.argv[2])
  const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
  if (!(seconds > 0)) throw new Error('expected soak.js SECONDS [SEED]')
  console.log(`collector soak: ${seconds} s, SEED=${seed}`)
  const data = mkdtempSync(join(tmpdir(), 'scrubjay-soak-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const state = { isOver: false, told: new Set(), again: 0 }
  const next = random(seed)
  const begun = Date.now()
  const since = new Date(begun - 60_000).toISOString()
  let child = await start(port, data)
  const senders = Promise.all(Array.from({ length: SENDERS }, () => sender(url, state)))
  let failure
  senders.catch((error) => { failure = error })
  let kills = 0
  const looks = []
  try {
    while (Date.now() < begun + seconds * 500 && failure === undefined) {
      await pause(SHORTEST_LIFE_MS + next() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS))
      await kill(child)
      kills++
      child = await start(port, data)
    }
    while (Date.now() < begun + seconds * 1_000 && failure === undefined) {
      await pause(LOOK_MS)
      looks.push(resident(child.pid))
    }
    state.isOver = true
    await senders
    const counts = await stored(url, since)
    const lost = [...state.told].filter((id) => !counts.has(id)).length
    const double = [...counts.values()].filter((count) => count > 1).length
    const grown = drift(looks)
    const memory = Number.isNaN(grown)
      ? 'not measured: too few looks'
      : `${(grown * 100).toFixed(1)} % to ${(looks.at(-1) / 2 ** 20).toFixed(0)} MiB`
    console.log(`collector soak: ${state.told.size} records told, ${lost} lost, ${double} double, ${kills} kills, ` +
      `${state.again} batches sent again, memory drift ${memory}`)
    return lost === 0 && double === 0 && !(grown > MAX_DRIFT)
  } finally {
    state.isOver = true
    await kill(child)
    rmSync(data, { recursive: true, force: true })
  }
}

main().then((isGood) => process.exit(isGood ? 0 : 1), (error) => { console.error(error); process.exit(1) })
