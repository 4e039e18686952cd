'use strict'

/** The conformance vectors, through the package and the addon it loads. See tests/README.md. */

const assert = require('node:assert/strict')
const { readdirSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { Engine } = require('../index.js')
const { native } = require('../lib/native.js')

const FOLDER = join(__dirname, '..', '..', 'tests', 'vectors')

/** Each call that a case may name, as the exact text it returns. */
const CALLS = {
  process: ({ engine, input, stamp }) => engine.processText(input, stamp),
  scrub_text: ({ text, input }) => text.scrubText(input.toString()),
  scrub_json: ({ text, input }) => text.scrubJson(input),
  explain: ({ engine, input, stamp }) => engine.explainText(input, stamp),
  unseal: ({ input }) => native.unseal(...input.toString().split(/\n(.*)/s, 2)),
  config: ({ input }) => String(new Engine(input.toString())),
  sample: ({ config, input }) => native.sample(config, input.toString()),
  traceparent: ({ input }) => native.readTraceparent(input.toString()),
  new_traceparent: ({ input }) => masked(native.newTraceparent(input.toString()), input.toString()),
  plan_check: ({ input }) => native.planCheck(input.toString()),
  plan_diff: ({ input, next }) => native.planDiff(input.toString(), next),
  stamp: ({ engine, input }) => engine.processText('{}', input.toString()),
  fail: ({ input }) => native.failForTest(input.toString()),
  panic: () => native.panicForTest()
}

/** A new `traceparent` without what is random in it: the span's digits, and the trace's where no parent gives them. */
function masked (header, parent) {
  const trace = header.slice(3, 35)
  return `${header.slice(0, 2)}-${parent.includes(trace) ? trace : '_'.repeat(32)}-${'_'.repeat(16)}${header.slice(52)}`
}

function run (file, { call = 'process', input, input_hex: hex, stamp, new: next }) {
  const config = typeof file.config === 'string' ? file.config : JSON.stringify(file.config)
  const bytes = hex === undefined ? Buffer.from(input) : Buffer.from(hex, 'hex')
  const known = { config, engine: new Engine(config), text: new native.Engine(config), input: bytes, next }
  try {
    return { outcome: CALLS[call]({ ...known, stamp: stamp && JSON.stringify(stamp) }) }
  } catch (error) {
    assert.ok(error instanceof Error)
    return { error: { code: error.code, path: error.path } }
  }
}

test('every vector gives its exact text in Node', () => {
  const files = readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith('.json')).sort()
  let cases = 0
  for (const name of files) {
    const file = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))
    for (const vector of file.cases) {
      const { outcome, error } = vector
      assert.deepEqual(run(file, vector), error ? { error } : { outcome }, `${name}: ${vector.name}`)
      cases += 1
    }
  }
  assert.ok(cases > 0, 'no vectors found')
  console.log(`vectors: ${cases} cases in ${files.length} files`)
})
