'use strict'

/** Stores that are encrypted, where the addon was built with it (`make build-node ENCRYPTION=1`). */

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { createDecipheriv, hkdfSync } = require('node:crypto')
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')
const { Engine, Store } = require('../index.js')

const KEY = Buffer.alloc(32, 7).toString('base64')
const TIMEOUT = { timeout: 60_000 }
// What make was told must be so; without a word it is tried.
const isBuiltIn = process.env.ENCRYPTION ? true : canEncrypt()
const encrypted = { ...TIMEOUT, skip: isBuiltIn ? false : 'this addon was built without it: make build-node ENCRYPTION=1' }

function canEncrypt () {
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  try {
    Store.open(folder, { encryption_key: KEY }).close()
    return true
  } catch (error) {
    assert.deepEqual([error.code, error.path], ['argument_invalid', '/encryption_key'])
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function folderOf (t) {
  const folder = mkdtempSync(join(tmpdir(), 'scrubjay-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** The pages of a file, by what docs/store.md says of its key. */
function pages (path, name) {
  const derived = Buffer.from(hkdfSync('sha256', Buffer.from(KEY, 'base64'), '', `scrubjay store file ${name}`, 48))
  const [key, salt] = [derived.subarray(0, 32), derived.subarray(32)]
  const [size, reserved, iv] = [4096, 80, 16]
  const file = readFileSync(path)
  assert.equal(file.length % size, 0)
  assert.deepEqual(file.subarray(0, salt.length), salt)
  return Array.from({ length: file.length / size }, (_, n) => {
    const page = file.subarray(n * size, (n + 1) * size)
    const end = size - reserved
    const decipher = createDecipheriv('aes-256-cbc', key, page.subarray(end, end + iv)).setAutoPadding(false)
    return Buffer.concat([decipher.update(page.subarray(n === 0 ? salt.length : 0, end)), decipher.final()])
  })
}

isBuiltIn || test('a key that would do nothing is refused', (t) => {
  const folder = folderOf(t)
  const options = { encryption_key: KEY }
  assert.throws(() => Store.open(folder, options), { code: 'argument_invalid', path: '/encryption_key', message: /ENCRYPTION=1/ })
  assert.deepEqual(readdirSync(folder), [])
})

test('an erased user is in no page, which only the key opens', encrypted, async (t) => {
  const folder = folderOf(t)
  const engine = new Engine({ privacy: { hash_identifiers: false } })
  const store = Store.open(folder, { encryption_key: KEY })
  t.after(() => store.close())
  const timestamp = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`
  for (let round = 0; round < 10; round++) {
    // Of many lengths, so that rows move between pages.
    const records = Array.from({ length: 100 }, (_, i) => {
      const [user, note] = i % 7 === 0 ? ['ann', 'quokkaquartz'] : ['bob', 'wombatwalnut']
      const payload = { note: `${note} ${'z'.repeat((i * 131 + round * 977) % 3_000)} ${note}` }
      return { channel: 'app', event: `e${i % 11}`, payload, user_id: user, timestamp }
    })
    assert.equal((await store.ingest(engine, 'acme', 'batch', JSON.stringify(records))).accepted, 100)
  }
  await store.settle()
  const day = `${timestamp.slice(0, 10)}.db`
  const holds = (word) => pages(join(folder, 'events', day), day).filter((page) => page.includes(word)).length
  await store.vacuum()
  assert.ok(holds('quokkaquartz') > 0 && holds('wombatwalnut') > 0, 'the pages are read rightly')
  assert.equal((await store.deleteUser(engine, 'acme', 'ann')).records, 150)
  assert.equal(holds('quokkaquartz'), 0)
  assert.ok(holds('wombatwalnut') > 0)
  for (const name of ['events', '.', 'ingest-log']) {
    for (const file of readdirSync(join(folder, name), { withFileTypes: true }).filter((entry) => entry.isFile())) {
      assert.ok(!readFileSync(join(folder, name, file.name)).includes('wombatwalnut'), file.name)
    }
  }
  assert.equal((await store.check()).ok, true)
})

test('a process that ends amid its work ends in peace and leaves a sound store', encrypted, async (t) => {
  const folder = folderOf(t)
  const program = `
    const { Engine, Store } = require(${JSON.stringify(join(__dirname, '../index.js'))})
    const store = Store.open(${JSON.stringify(folder)}, { encryption_key: ${JSON.stringify(KEY)} })
    const engine = new Engine()
    const body = JSON.stringify(Array(500).fill({ channel: 'app', event: 'a', payload: { n: 1 } }))
    const more = () => { store.ingest(engine, 'acme', 'batch', body).then(more); store.settle() }
    for (let i = 0; i < 4; i++) more()
    setTimeout(() => process.exit(0), Number(process.argv[1]))`
  for (let round = 1; round <= 6; round++) {
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', program, `${round * 53}`], { encoding: 'utf8' })
    assert.deepEqual([status, signal, stderr], [0, null, ''])
    const store = Store.open(folder, { encryption_key: KEY })
    try {
      await store.settle()
      assert.equal((await store.check()).ok, true)
      assert.equal((await store.stats()).ingest_log.lost, 0)
    } finally {
      store.close()
    }
  }
})

test('a store gets a key, another one, and none', encrypted, async (t) => {
  const folder = folderOf(t)
  const other = Buffer.alloc(32, 8).toString('base64')
  const engine = new Engine()
  const first = Store.open(folder)
  await first.ingest(engine, 'acme', 'record', '{"channel":"app","event":"a","payload":{}}')
  await assert.rejects(Store.convert(folder, { to: KEY }), { code: 'store_unavailable' })
  first.close()
  for (const [from, to] of [[undefined, KEY], [KEY, other], [other, undefined]]) {
    assert.deepEqual(await Store.convert(folder, { from, to }), { files: 2 })
    assert.throws(() => Store.open(folder, from && { encryption_key: from }), { code: 'store_unavailable' })
    const store = Store.open(folder, to && { encryption_key: to })
    assert.equal((await store.query('acme')).records.length, 1)
    store.close()
  }
  await assert.rejects(Store.convert(folder, { to: 'hunter2' }), { code: 'argument_invalid', path: '/to' })
})
