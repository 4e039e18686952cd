'use strict'

/**
 * How long the dashboard takes with a million stored events, for `make bench`: rows as JSON objects.
 *
 *     dashboard.js [FOLDER]
 *
 * A collector's process, and Chromium without a head. Compared is with what it has to reach, in milliseconds of the clock, the
 * browser's own: from asking for the page to the frame that shows figures, and from a click or a choice to the frame that
 * shows all that it changed. The clock is a busy machine's too. FOLDER keeps the store for another run.
 */

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { fill } = require('./fill.js')

const COLLECTOR = path.resolve(__dirname, '../../../bindings-node/collector')
const { chromium } = require(require.resolve('playwright-core', { paths: [COLLECTOR] }))
const { executablePath } = require(path.join(COLLECTOR, 'test/browser.js'))

const PAGE = '/api/v1/telemetry/dashboard'
const FIRST_PAINT_MS = 1_000
const INTERACTION_MS = 100
/** Odd, so that the median is a round that happened. */
const ROUNDS = 5
const WAIT_MS = 30_000

/** What people do, each from the view that the one before left. */
const INTERACTIONS = {
  'range 30 days': (page) => page.getByLabel('Time range').selectOption('30d'),
  'sort a table': (page) => page.locator('#panel-top').getByRole('button', { name: 'Event', exact: true }).click(),
  'filter by event': (page) => page.locator('#panel-top').getByRole('button', { name: 'web_action_3', exact: true }).click(),
  'filter taken away': (page) => page.getByRole('button', { name: 'Show everything' }).click(),
  'filter by channel': async (page) => {
    await page.locator('#channel').fill('app')
    await page.locator('#channel').press('Enter')
  },
  'filter taken away again': (page) => page.getByRole('button', { name: 'Show everything' }).click(),
  'range 7 days': (page) => page.getByLabel('Time range').selectOption('7d'),
  'waterfall of a trace': (page) => page.locator('#panel-traces').getByRole('button', { name: 'GET /orders' }).first().click(),
  'figures as a table': (page) => page.locator('#panel-events').getByText('As a table').click(),
  'range 6 hours': (page) => page.getByLabel('Time range').selectOption('6h'),
  'range 24 hours': (page) => page.getByLabel('Time range').selectOption('24h'),
  'theme': (page) => page.locator('#theme').click()
}

/** Clock ticks of a second, in which Linux counts what a process used. */
const TICKS = 100

/** Milliseconds of CPU time that the collector and the browser have used so far, which a busy machine distorts less. */
function cpu () {
  const stats = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const [, parent, ...rest] = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
      return [{ pid: Number(pid), parent: Number(parent), ticks: Number(rest[9]) + Number(rest[10]) }]
    } catch {
      // It ended meanwhile.
      return []
    }
  })
  const ours = new Set([process.pid])
  for (let grown = 0; grown !== ours.size;) {
    grown = ours.size
    for (const { pid, parent } of stats) if (ours.has(parent)) ours.add(pid)
  }
  return stats.filter(({ pid }) => ours.has(pid) && pid !== process.pid).reduce((sum, { ticks }) => sum + ticks, 0) * 1_000 / TICKS
}

/**
 * Notes when something is done, and the last frame that shows something of it: a change in the window, or that something
 * there is under way. Both are told by the page, so that no time of the driver's own is among it. Runs in the page.
 */
function watch () {
  const timing = window.timing = { begun: 0, shown: 0, whole: 0, first: undefined }
  /** Frames without a change after which nothing more is awaited. */
  const QUIET_FRAMES = 4
  const isSeen = (element) => element.getBoundingClientRect().top < innerHeight && element.getBoundingClientRect().bottom > 0
  const isBusy = (all) => [...document.querySelectorAll('[aria-busy]')].some((element) => all || isSeen(element))
  const changed = new Set()
  const changes = new MutationObserver((records) => { for (const { target } of records) changed.add(target.nodeType === 1 ? target : target.parentElement) })
  changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
  let quiet = QUIET_FRAMES
  // Called before a frame is painted; what waits behind it comes after.
  const look = () => {
    const isShown = isBusy(false) || [...changed].some((element) => element !== null && isSeen(element))
    changed.clear()
    quiet = isShown ? 0 : quiet + 1
    const isWhole = !isBusy(true)
    setTimeout(() => {
      if (isShown) timing.shown = performance.now()
      if (!isWhole) timing.whole = performance.now()
    })
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
  const begin = (event) => {
    if (!event.isTrusted && event.type !== 'change') return
    // When the browser heard of it, and not when the page did.
    timing.begun = event.timeStamp
    timing.shown = 0
    quiet = 0
  }
  for (const type of ['click', 'change']) addEventListener(type, begin, { capture: true })
  window.settled = (all = false) => new Promise((resolve) => {
    const ask = () => {
      if (quiet < QUIET_FRAMES || (all && isBusy(true))) requestAnimationFrame(ask)
      else resolve(timing.shown - timing.begun)
    }
    ask()
  })
  const seen = () => document.querySelector('#panel-headline dl') !== null && document.querySelector('#panel-events canvas') !== null
  const first = () => {
    if (!seen()) return requestAnimationFrame(first)
    requestAnimationFrame(() => setTimeout(() => { timing.first = performance.now() }))
  }
  first()
}

async function main () {
  const kept = process.argv[2]
  const folder = kept ?? fs.mkdtempSync(path.join(os.tmpdir(), 'scrubjay-dashboard-'))
  if (!fs.existsSync(path.join(folder, 'meta.db'))) await fill(folder)
  const collector = await start(folder)
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const firsts = []
    const wholes = []
    /** @type {Record<string, number[]>} */
    const took = {}
    /** @type {Record<string, number[]>} */
    const used = {}
    const firstsUsed = []
    for (let round = 0; round < ROUNDS; round++) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
      await context.addInitScript(watch)
      const page = await context.newPage()
      const begun = cpu()
      await page.goto(collector.url + PAGE)
      await page.waitForFunction(() => window.timing.first !== undefined, undefined, { timeout: WAIT_MS })
      firsts.push(await page.evaluate(() => window.timing.first))
      wholes.push(await page.evaluate(() => window.settled(true).then(() => window.timing.whole)))
      firstsUsed.push(cpu() - begun)
      // What the page asks for ahead is counted while somebody looks at it.
      await page.waitForLoadState('networkidle')
      for (const [name, act] of Object.entries(INTERACTIONS)) {
        const before = cpu()
        await act(page)
        const ms = await page.evaluate(() => window.settled())
        if (ms <= 0) throw new Error(`${name}: nothing changed in the window`)
        ;(took[name] ??= []).push(ms)
        ;(used[name] ??= []).push(cpu() - before)
        await page.evaluate(() => window.settled(true))
      }
      await context.close()
    }
    const medians = Object.entries(took).map(([name, times]) => [name, median(times)]).sort(([, a], [, b]) => b - a)
    console.error(medians.map(([name, ms]) => `${name}: ${ms.toFixed(0)} ms, CPU ${median(used[name])} ms`).join('\n'))
    console.error(`load ${os.loadavg()[0].toFixed(1)}; first paint of all panels: CPU ${median(firstsUsed)} ms`)
    row('dashboard_first_paint', median(firsts), FIRST_PAINT_MS)
    row('dashboard_all_panels', median(wholes), FIRST_PAINT_MS)
    row('dashboard_interaction_worst', medians[0][1], INTERACTION_MS)
    row('dashboard_interaction_median', medians[Math.floor(medians.length / 2)][1], INTERACTION_MS)
  } finally {
    await browser.close()
    collector.child.kill()
    await once(collector.child, 'exit')
    if (kept === undefined) fs.rmSync(folder, { recursive: true, force: true })
  }
}

function row (name, ours, theirs) {
  console.log(JSON.stringify({ name, ratio: ours / theirs, ours, theirs, unit: 'ms, of its bar' }))
}

function median (times) {
  return [...times].sort((a, b) => a - b)[(times.length - 1) / 2]
}

async function start (folder) {
  const child = spawn(process.execPath, ['src/server.js'], {
    cwd: COLLECTOR,
    env: { PATH: process.env.PATH, PORT: '0', PROMETHEUS_PORT: '0', DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  process.on('exit', () => child.kill())
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, url } = JSON.parse(line)
    if (msg !== 'listening') continue
    child.stdout.resume()
    return { child, url }
  }
  throw new Error('the collector did not start')
}

main().then(() => process.exit(), (error) => { console.error(error); process.exit(1) })
