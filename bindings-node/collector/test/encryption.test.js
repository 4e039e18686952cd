'use strict'

/** The process with an encrypted store, where the addon was built with it (`make build-node ENCRYPTION=1`). */

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { readFileSync, readdirSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { Store } = require('scrubjay')
const { BATCH, COLLECTOR, event, folder, start } = require('./collector.js')

const KEY = Buffer.alloc(32, 7).toString('base64')
const OTHER = Buffer.alloc(32, 8).toString('base64')
const CANARY = 'quokkaquartz'
const RECORDS = '/api/v1/telemetry/records'

/** Whether this addon can; nothing is opened where it can, since there is no such folder. */
function canEncrypt () {
  try {
    Store.open(join(__filename, 'none'), { encryption_key: KEY })
  } catch (error) {
    return error.code !== 'argument_invalid'
  }
}

// What make was told must be so; without a word it is tried.
const isBuiltIn = process.env.ENCRYPTION ? true : canEncrypt()
const OPTIONS = { timeout: 60_000, skip: isBuiltIn ? false : 'this addon was built without it: make build-node ENCRYPTION=1' }

function holders (data) {
  const files = readdirSync(data, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  return { names: files.map((entry) => entry.name), found: paths.filter((path) => readFileSync(path).includes(CANARY)) }
}

async function found (url) {
  const response = await fetch(`${url}${RECORDS}?consistency=now`)
  return (await response.json()).records.map((record) => record.payload.note)
}

test('what comes in by HTTP is in no byte of the folder, and is found with the key', OPTIONS, async (t) => {
  const data = folder(t)
  const env = { DATA_DIR: data, STORE_ENCRYPTION_KEY: KEY }
  const run = (words, more) => {
    const environment = { PATH: process.env.PATH, ...env, ...more }
    return spawnSync('node', ['src/cli.js', ...words], { cwd: COLLECTOR, env: environment, encoding: 'utf8' })
  }
  const done = (words, more) => {
    const { status, stdout, stderr } = run(words, more)
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout)
  }
  const serve = async (more) => {
    const service = await start(t, { ...env, ...more })
    const end = async () => {
      service.child.kill('SIGTERM')
      assert.equal((await service.exited).code, 0)
    }
    return { ...service, end }
  }

  const first = await serve()
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify([event('a', { note: CANARY })])
  assert.equal((await fetch(`${first.url}${BATCH}`, { method: 'POST', headers, body })).status, 200)
  assert.deepEqual(await found(first.url), [CANARY])
  const { names, found: held } = holders(data)
  assert.ok(names.some((name) => name.endsWith('.db-wal')), 'looked at while the logs are there')
  assert.deepEqual(held, [])
  await first.end()
  assert.deepEqual(holders(data).found, [])

  for (const [key, says] of [['', /no key was given/], [OTHER, /another key/]]) {
    const { status, stderr } = run(['serve'], { STORE_ENCRYPTION_KEY: key, PORT: '0', PROMETHEUS_PORT: '0' })
    assert.equal(status, 1)
    assert.match(stderr, says)
    assert.ok(!stderr.includes(KEY) && !stderr.includes(OTHER))
  }

  assert.deepEqual(done(['rekey'], { STORE_ENCRYPTION_KEY_NEW: OTHER }), { files: 2 })
  assert.deepEqual(done(['decrypt'], { STORE_ENCRYPTION_KEY: OTHER }), { files: 2 })
  assert.ok(holders(data).found.length > 0)
  assert.match(run(['retain']).stderr, /not encrypted, and a key was given.*scrubjay-collector encrypt/)
  assert.deepEqual(done(['encrypt']), { files: 2 })
  assert.deepEqual(holders(data).found, [])
  assert.equal(run(['rekey'], { STORE_ENCRYPTION_KEY_NEW: '' }).status, 2)
  const second = await serve()
  assert.deepEqual(await found(second.url), [CANARY])
  await second.end()
})

isBuiltIn || test('a collector that cannot encrypt does not start with a key', (t) => {
  const data = folder(t)
  const env = { PATH: process.env.PATH, DATA_DIR: data, STORE_ENCRYPTION_KEY: KEY, PORT: '0', PROMETHEUS_PORT: '0' }
  const { status, stderr } = spawnSync('node', ['src/server.js'], { cwd: COLLECTOR, env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /this build cannot encrypt a store/)
  assert.deepEqual(readdirSync(data), [])
})
