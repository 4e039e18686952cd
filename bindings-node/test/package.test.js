'use strict'

/** The package as its users meet it: loading, types, both module systems, the README's example. */

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')
const { native } = require('../lib/native.js')
const { PLATFORMS, cargoArtifact, platformName } = require('../lib/platform.js')
const { DECLARED, WRITTEN, declarations } = require('../scripts/declarations.js')

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

test('lib/addon.d.ts is what the addon was compiled with', () => {
  assert.equal(readFileSync(DECLARED, 'utf8'), declarations(readFileSync(WRITTEN, 'utf8')), 'run `npm run declarations`')
  // And the addon that is loaded is that one.
  const declared = [...readFileSync(DECLARED, 'utf8').matchAll(/^export (?:declare )?(?:function|class) (\w+)/gm)]
  assert.deepEqual(declared.map(([, name]) => name).sort(), Object.keys(native).sort())
})

const SUBPATHS = ['express', 'fastify', 'opentelemetry', 'pino']

/** What npm and node print, run in a folder without anything of ours around. */
function runs (cwd, command, ...args) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, DO_NOT_TRACK: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
}

function emptyFolder (t) {
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-pack-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const user = join(folder, 'user')
  mkdirSync(user)
  writeFileSync(join(user, 'package.json'), '{"private":true}')
  return { folder, user }
}

/** Installs packages, and uses them by `require` and by `import`. */
function installedRuns (user, tarballs) {
  runs(user, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs)
  const use = "console.log(new Engine().scrubText('to ann@example.com').text, names.sort().join())"
  const all = `const names = [${SUBPATHS.map((name) => `...Object.keys(${name})`)}]`
  const required = SUBPATHS.map((name) => `const ${name} = require('scrubjay/${name}')`).join('\n')
  const imported = SUBPATHS.map((name) => `import * as ${name} from 'scrubjay/${name}'`).join('\n')
  const commonjs = runs(user, 'node', '-e', `const { Engine } = require('scrubjay')\n${required}\n${all}\n${use}`)
  const module = runs(user, 'node', '--input-type=module', '-e', `import { Engine } from 'scrubjay'\n${imported}\n${all}\n${use}`)
  const names = 'ScrubjayLogRecordExporter,ScrubjaySpanProcessor,default,expressTelemetry,fastifyTelemetry,traceMixin'
  assert.deepEqual([commonjs, module], Array(2).fill(`to [email] ${names}\n`))
}

const pack = (from, to) => join(to, runs(from, 'npm', 'pack', '--silent', '--pack-destination', to).trim())

test('the packed package installs in an empty folder and runs', (t) => {
  const { folder, user } = emptyFolder(t)
  installedRuns(user, [pack(ROOT, folder)])
})

test('laid out by platforms, the package finds its engine in the package of this one', (t) => {
  const { folder, user } = emptyFolder(t)
  const out = join(folder, 'layout')
  runs(ROOT, 'node', join('scripts', 'layout.js'), out)
  const { private: isPrivate, optionalDependencies, version } = JSON.parse(readFileSync(join(out, 'package.json'), 'utf8'))
  assert.equal(isPrivate, undefined)
  assert.deepEqual(Object.keys(optionalDependencies), Object.keys(PLATFORMS).map((name) => `@scrubjay/${name}`))
  assert.ok(Object.values(optionalDependencies).every((each) => each === version))
  const platform = join(out, 'npm', platformName())
  const { os, cpu } = JSON.parse(readFileSync(join(platform, 'package.json'), 'utf8'))
  assert.deepEqual([os, cpu], [[process.platform], [process.arch]])
  // The platforms' packages come from the registry; here from a file.
  writeFileSync(join(out, 'package.json'), readFileSync(join(out, 'package.json'), 'utf8').replace(/"optionalDependencies": \{[^}]*\}/, '"optionalDependencies": {}'))
  installedRuns(user, [pack(out, folder), pack(platform, folder)])
  const installed = join(user, 'node_modules', 'scrubjay')
  assert.deepEqual(readdirSync(installed).filter((name) => name.endsWith('.node')), [])
  assert.ok(existsSync(join(user, 'node_modules', '@scrubjay', platformName())))
})

const EXAMPLES = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(([, example]) => example)

/** What the README's examples print, run in a folder; `name` is what they require there. */
function printedByReadme (cwd, name) {
  const program = `(async () => {${EXAMPLES.join('\n').replaceAll("'scrubjay'", JSON.stringify(name))}})()`
  // Off, as `runs` has it, so that the example's address is not called, whoever listens there.
  return runs(cwd, 'node', '--input-type=commonjs', '-e', program)
}

test("the README's examples run as they are printed", () => {
  assert.equal(EXAMPLES.length, 4)
  const printed = printedByReadme(ROOT, join(ROOT, 'index.js'))
  assert.match(printed, /^accepted \{ contact: '\[email\]' \}$/m)
  assert.match(printed, /not_captured: 1/)
})

test("the README's examples run in an empty folder with the packed package", (t) => {
  const { folder, user } = emptyFolder(t)
  runs(user, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', pack(ROOT, folder))
  assert.match(printedByReadme(user, 'scrubjay'), /^accepted \{ contact: '\[email\]' \}$/m)
})
