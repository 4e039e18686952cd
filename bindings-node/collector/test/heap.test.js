'use strict'

/** That bodies which come and go do not have the whole heap looked through again and again. */

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { join } = require('node:path')
const { test } = require('node:test')

/** Bodies under way while the next ones come: some memory is old by the time that it is free. */
const BUSY = `
const { PerformanceObserver, constants } = require('node:perf_hooks')
const alive = Array.from({ length: 100_000 }, (_, n) => ({ n, name: 'n' + n }))
global.gc()
let full = 0
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) full += Number(detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
}).observe({ entryTypes: ['gc'] })
const underWay = []
let come = 0
function turn () {
  for (let i = 0; i < 50; i++, come++) underWay[come % 64] = { body: Buffer.alloc(70_000), meta: new Array(50).fill(come) }
  // What was observed last is told in a later turn.
  if (come < 20_000) setImmediate(turn)
  else setTimeout(() => console.log(JSON.stringify({ full, alive: alive.length })), 50)
}
turn()`

/** @param {string} before what the process does first */
function fullCollections (before) {
  const text = execFileSync(process.execPath, ['--expose-gc', '-e', before + BUSY], { encoding: 'utf8' })
  return JSON.parse(text).full
}

test('bodies that come and go cause fewer full collections once the heap may grow', () => {
  const heap = JSON.stringify(join(__dirname, '../src/heap.js'))
  const relaxed = fullCollections(`require(${heap}).relaxHeap();`)
  const usual = fullCollections('')
  assert.ok(relaxed < usual, `${relaxed} of ${usual}`)
})
