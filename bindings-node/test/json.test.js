'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { toText } = require('../lib/json.js')

test('text and bytes pass untouched', () => {
  const bytes = new Uint8Array([0x7b, 0x7d])
  assert.equal(toText('{"a":1}'), '{"a":1}')
  assert.equal(toText(bytes), bytes)
})

test('a plain value is written as JSON.stringify writes it', () => {
  const value = {
    text: 'é"\n', none: null, list: [1, undefined, () => 1], left: undefined, when: new Date(0),
    boxed: [Object(1), Object('s'), Object(true)], nested: { '': { a: [] } }, zero: -0, map: new Map([[1, 2]])
  }
  assert.equal(toText(value), JSON.stringify(value))
})

test('a number that JSON cannot hold stays visible instead of becoming null', () => {
  assert.equal(toText({ a: NaN, b: [Infinity, -Infinity, null] }), '{"a":NaN,"b":[Infinity,-Infinity,null]}')
})

test('a 64-bit integer keeps its digits', () => {
  assert.equal(toText({ a: 9007199254740993n, b: [-1n] }), '{"a":9007199254740993,"b":[-1]}')
})

test('what has no JSON form becomes the empty text', () => {
  const cycle = { none: null }
  cycle.self = cycle
  const hostile = { get a () { throw new TypeError('no') } }
  const endless = { toJSON () { throw new RangeError('no') } }
  const trap = new Proxy({}, { ownKeys () { throw new Error('no') } })
  for (const value of [cycle, hostile, endless, trap, undefined, () => 1, Symbol('s')]) {
    assert.equal(toText(value), '')
  }
})

test('a deep value is left to the engine to refuse', () => {
  let deep = 1n
  for (let level = 0; level < 20; level++) deep = { deep }
  assert.match(toText(deep), /^(\{"deep":){20}1\}{20}$/)
})
