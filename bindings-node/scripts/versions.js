'use strict'

/**
 * Installs the package's tools and runs its tests on each Node that it promises to run on: `node scripts/versions.js
 * [MAJOR…]`. The binaries come from the npm registry (package `node`); a major version that it does not give is said so,
 * and counts as a failure. One line a version; everything that was printed is in `target/test-logs/node-MAJOR.log`.
 */

const { spawnSync } = require('node:child_process')
const { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

const ROOT = join(__dirname, '..')
const LOGS = join(ROOT, '..', 'target', 'test-logs')

/** The oldest that `engines` names, and the later ones with long-term support. */
const MAJORS = ['20', '22', '24']
/** Far above what the tests take on a machine with other work. */
const TIMEOUT_MS = 900_000

/**
 * Runs a command with the Node of a major version first on the path, for the programs that it starts too.
 *
 * @param {string} major
 * @param {string} cwd
 * @param {string[]} command
 */
function withNode (major, cwd, command) {
  const args = ['exec', '--yes', `--package=node@${major}`, '--', ...command]
  // What an outer npm set would decide for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const done = spawnSync('npm', args, { cwd, env, encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: 1 << 28 })
  return { code: done.status ?? -1, text: `${done.stdout}${done.stderr}${done.error ?? ''}` }
}

/** @param {string} major */
function run (major) {
  const started = Date.now()
  const version = withNode(major, ROOT, ['node', '-p', 'process.version'])
  const [name] = /^v\d+\.\d+\.\d+$/m.exec(version.text) ?? []
  if (version.code !== 0 || !name?.startsWith(`v${major}.`)) return `node ${major}: not had: ${version.text.trim()}`
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-node-'))
  try {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(ROOT, file), join(folder, file))
    const installed = withNode(major, folder, ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'])
    const tested = withNode(major, ROOT, ['npm', 'test'])
    writeFileSync(join(LOGS, `node-${major}.log`), `${installed.text}\n${tested.text}`)
    const [, passed] = /^# pass (\d+)/m.exec(tested.text) ?? [undefined, '0']
    const [, failed] = /^# fail (\d+)/m.exec(tested.text) ?? [undefined, '?']
    const isGood = installed.code === 0 && tested.code === 0 && Number(passed) > 0
    const seconds = Math.round((Date.now() - started) / 1000)
    const install = installed.code === 0 ? 'npm ci ok' : 'npm ci FAILED'
    console.log(`node ${name}: ${install}, ${passed} passed, ${failed} failed (${seconds} s)`)
    return isGood ? undefined : `node ${major}: see target/test-logs/node-${major}.log`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

mkdirSync(LOGS, { recursive: true })
const wanted = process.argv.slice(2)
const failures = (wanted.length > 0 ? wanted : MAJORS).map(run).filter((failure) => failure !== undefined)
for (const failure of failures) console.error(failure)
process.exitCode = failures.length > 0 ? 1 : 0
