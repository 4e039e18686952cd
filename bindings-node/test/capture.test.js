'use strict'

/**
 * Records as JavaScript writes them into the slab end as the same bytes as their JSON text: values of every kind, and
 * the inputs of all conformance vectors.
 */

const assert = require('node:assert/strict')
const { readdirSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { HEAD_BYTES, SLAB_HEAD_BYTES, Slab } = require('../lib/capture.js')
const { toText } = require('../lib/json.js')
const { native } = require('../lib/native.js')

const FOLDER = join(__dirname, '..', '..', 'tests', 'vectors')
const STAMP = JSON.stringify({ now: '2026-01-02T03:04:05Z', random: '00'.repeat(10) })
const engine = new native.Engine('{}')

/** The compact bytes of a record, or nothing for one that is too large. */
function captured (record) {
  const slab = new Slab()
  assert.ok(slab.append(record))
  if (slab.bytes.readUInt32LE(SLAB_HEAD_BYTES) === 0xffffffff) return undefined
  return slab.bytes.subarray(SLAB_HEAD_BYTES + HEAD_BYTES, slab.end)
}

function same (record, on = engine, stamp = STAMP) {
  assert.equal(on.processCaptured(captured(record), stamp), on.process(toText(record), stamp))
}

const event = (payload) => ({ channel: 'app', event: 'login', payload })

test('a value of any kind is captured as its JSON text says', () => {
  const values = [
    null, true, false, 0, -0, 1, 127, 128, -1, 255, 65_536, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 2 ** 53 + 2, -(2 ** 60),
    0.1, -1.5, 1e-7, 1e-6, 1e21, 1e20, 123456789.123, 5e-324, Number.MAX_VALUE, NaN, Infinity, -Infinity,
    0n, -1n, 2n ** 64n, 10n ** 40n,
    '', 'a', '"', '\\', '\n\u0001\u007f', 'é', 'x'.repeat(64), 'x'.repeat(65), 'é'.repeat(64), 'x'.repeat(255),
    'x'.repeat(256), '😀', '\ud800', 'a\udc00b', '\u2028',
    [], {}, [[]], [undefined, () => 1, Symbol('s'), null], { a: undefined, b: () => 1, c: Symbol('s'), d: 1 },
    new Array(3), new Date(0), new Date(NaN), new Map([[1, 2]]), new Set([1]), /x/, new Error('x'), new Uint8Array(2),
    Object(1), Object('s'), Object(true), Object(1n), Object.create({ inherited: 1 }), Object.create(null),
    new (class A { constructor () { this.own = 1 } get not () { return 2 } })(),
    { toJSON: () => 'text' }, { toJSON: (key) => key }, { toJSON: () => undefined }, { toJSON: () => ({ toJSON: () => 1 }) },
    { toJSON: 5 }, [{ toJSON: (key) => key }], new Proxy({ a: 1 }, {}), new Proxy([1, 2], {}),
    { 2: 'b', 1: 'a', z: 1, 'é"': 2, ['x'.repeat(300)]: 3, '\ud800': 1, __proto__: null }
  ]
  for (const value of values) {
    same(event({ value }))
    same(event([value]))
    // Text is taken as JSON.
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) same(value)
  }
})

test('every vector that JavaScript can hold gives the same outcome captured', () => {
  let cases = 0
  for (const name of readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith('.json'))) {
    const file = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))
    const config = typeof file.config === 'string' ? file.config : JSON.stringify(file.config)
    for (const { name: title, call = 'process', input, stamp, outcome } of file.cases) {
      if (call !== 'process' || input === undefined) continue
      let record
      try {
        record = JSON.parse(input)
      } catch {
        // No host can hold what is no JSON.
        continue
      }
      if (typeof record === 'string') continue
      const on = new native.Engine(config)
      const given = stamp && JSON.stringify(stamp)
      const bytes = captured(record)
      const actual = bytes === undefined ? undefined : on.processCaptured(bytes, given)
      if (bytes !== undefined) assert.equal(actual, on.process(toText(record), given), `${name}: ${title}`)
      // Unlike the text that the vector has: repeated names, escapes, 1.50 and digits beyond a double's are gone.
      if (JSON.stringify(record) === input.trim()) assert.equal(actual, outcome, `${name}: ${title}`)
      cases += 1
    }
  }
  assert.ok(cases > 100, `${cases} cases`)
  console.log(`captured: ${cases} cases`)
})

test('what cannot be written is nothing, and what is too large says so', () => {
  const trap = new Proxy({}, { ownKeys () { throw new Error('no') } })
  for (const record of [undefined, () => 1, Symbol('s'), trap, { get a () { throw new Error('no') } }, { a: trap }]) {
    assert.equal(captured(record).length, 0)
  }
  const wide = []
  for (let i = 0; i < 100; i++) wide.push(wide)
  const many = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [i, i]))
  for (const record of ['x'.repeat(200_000), 'é'.repeat(150_000), [wide], many, new Array(4_000_000_000)]) {
    assert.equal(captured(record), undefined)
  }
  const cycle = {}
  cycle.self = cycle
  assert.match(engine.processCaptured(captured(event(cycle))), /"json_depth"/)
})

test('a slab holds records in their order, each with its time, and begins anew', () => {
  const slab = new Slab()
  const before = Date.now()
  for (let i = 0; i < 3; i++) slab.append([i])
  slab.append(() => 1)
  const [times, lengths] = [[], []]
  for (let at = SLAB_HEAD_BYTES; at < slab.end; at += HEAD_BYTES + lengths.at(-1)) {
    lengths.push(slab.bytes.readUInt32LE(at))
    times.push(slab.bytes.readDoubleLE(at + 4))
  }
  assert.deepEqual(lengths, [3, 3, 3, 0])
  assert.ok(times.every((time) => time >= before && time <= Date.now()))
  assert.equal(slab.bytes.readUInt32LE(0), slab.length)
  slab.clear()
  assert.equal(slab.length, 0)
})

test('a record that is tracked while another one is written does not disturb it', () => {
  const slab = new Slab()
  let inner
  slab.append({ get a () { inner = slab.append({}); return 1 } })
  assert.equal(inner, false)
  assert.deepEqual([...slab.bytes.subarray(SLAB_HEAD_BYTES + HEAD_BYTES, slab.end)], [0x8a, 0x87, 1, 97, 1, 0x8c])
})
