'use strict'

/**
 * The built Node package against scrubbers from npm, for `make bench`: rows on standard output, one JSON object each.
 *
 *     peers.js EVENTS.jsonl
 *
 * Peers are installed under `target/`. One that cannot be had is named on standard error, with the reason, and left out.
 */

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../..')
const FOLDER = path.join(ROOT, 'target/bench/node')
const PEER = 'redact-pii@3.4.0'

/** Odd, so that the median is a round that happened. */
const ROUNDS = 101
/** The peer takes some 100 µs an event: a round stays far below 50 ms. */
const EVENTS_A_ROUND = 20
/** Brings our round to a length that the clock, which counts microseconds, resolves. */
const OUR_REPEATS = 20

function main () {
  const events = fs.readFileSync(process.argv[2], 'utf8').trimEnd().split('\n').map((line) => Buffer.from(line))
  const { Engine } = require(path.join(ROOT, 'bindings-node'))
  const engine = new Engine()
  const ours = (/** @type {Buffer} */ record) => engine.processText(record)
  let theirs
  try {
    theirs = everyString(redactPii())
    theirs(events[0])
  } catch (error) {
    console.error(`node_vs_redact_pii left out: ${error.message}`)
    return
  }
  const [our, their] = medians([[ours, OUR_REPEATS], [theirs, 1]], events)
  const row = { name: 'node_vs_redact_pii', ratio: their / our, ours: our, theirs: their, unit: 'ns/event' }
  console.log(JSON.stringify(row))
}

/** Its default rules; the sync version, which asks no service. */
function redactPii () {
  fs.mkdirSync(FOLDER, { recursive: true })
  const installed = path.join(FOLDER, 'node_modules/redact-pii')
  if (!fs.existsSync(installed)) {
    const flags = ['--prefix', FOLDER, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    execFileSync('npm', ['install', ...flags, PEER], { stdio: ['ignore', 2, 2] })
  }
  const { SyncRedactor } = require(installed)
  const redactor = new SyncRedactor()
  return (/** @type {string} */ text) => redactor.redact(text)
}

/** A scrubber of records out of one of texts: each string that is a value, wherever it stands. */
function everyString (clean) {
  return (record) => {
    const tree = JSON.parse(record.toString())
    const left = [tree]
    while (left.length > 0) {
      const node = left.pop()
      for (const [place, value] of Object.entries(node)) {
        if (typeof value === 'string') node[place] = clean(value)
        else if (typeof value === 'object' && value !== null) left.push(value)
      }
    }
    return JSON.stringify(tree)
  }
}

/** Nanoseconds of CPU time an event of each, over interleaved rounds with the same events. */
function medians (contenders, events) {
  const times = contenders.map(() => [])
  for (let round = -1; round < ROUNDS; round++) {
    const start = Math.max(round, 0) * EVENTS_A_ROUND % (events.length - EVENTS_A_ROUND + 1)
    const part = events.slice(start, start + EVENTS_A_ROUND)
    contenders.forEach(([scrub, repeats], index) => {
      const begun = process.cpuUsage()
      for (let i = 0; i < repeats; i++) for (const event of part) scrub(event)
      const { user, system } = process.cpuUsage(begun)
      // The first round warms the compiler.
      if (round >= 0) times[index].push((user + system) * 1000 / repeats / part.length)
    })
  }
  return times.map((each) => each.sort((a, b) => a - b)[(each.length - 1) / 2])
}

main()
