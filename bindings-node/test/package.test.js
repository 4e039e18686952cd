'use strict'

/** The package as its users meet it: loading, types, both module systems, the README's example. */

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { cargoArtifact, platformName } = require('../lib/platform.js')

const ROOT = join(__dirname, '..')

test('a missing native library is an error that names the platform and the remedy', () => {
  const { load } = require('../lib/native.js')
  assert.throws(() => load({ SCRUBJAY_NATIVE: '/nowhere/scrubjay.node' }), (error) => {
    assert.equal(error.code, 'native_missing')
    assert.ok(error.message.includes(platformName()))
    assert.match(error.message, /npm run build/)
    assert.equal(error.cause.code, 'MODULE_NOT_FOUND')
    return true
  })
})

test('the platform is named as in published packages', () => {
  const { platform, arch } = process
  assert.ok(platformName().startsWith(`${platform}-${arch}`))
  if (platform === 'linux') assert.match(platformName(), /-(gnu|musl)$/)
  assert.deepEqual(['linux', 'darwin', 'win32'].map(cargoArtifact),
    ['libscrubjay_node.so', 'libscrubjay_node.dylib', 'scrubjay_node.dll'])
})

test('import and require give the same names', async () => {
  const required = Object.keys(require('../index.js')).sort()
  const imported = Object.keys(await import('../index.mjs')).sort()
  assert.deepEqual(imported, required)
})

test('index.d.ts, the sources and the uses in test/types.ts agree', () => {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status, stdout } = spawnSync('node', [tsc, '-p', ROOT], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

test("the README's examples run as they are printed", () => {
  const examples = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)]
  const text = examples.map(([, example]) => example).join('\n')
  const program = `(async () => {${text.replaceAll("'scrubjay'", JSON.stringify(join(ROOT, 'index.js')))}})()`
  // Off, so that the example's address is not called, whoever listens there.
  const env = { ...process.env, DO_NOT_TRACK: '1' }
  const options = { encoding: 'utf8', env }
  const printed = execFileSync('node', ['--input-type=commonjs', '-e', program], options)
  assert.equal(examples.length, 3)
  assert.match(printed, /^accepted \{ contact: '\[email\]' \}$/m)
  assert.match(printed, /not_captured: 1/)
})
