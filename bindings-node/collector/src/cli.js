#!/usr/bin/env node
'use strict'

/** `scrubjay-collector`: the service, and what its operator does beside it. */

const { parseArgs } = require('node:util')
const { Store } = require('scrubjay')
const { readConfig } = require('./config/index.js')
const { ROLES } = require('./identity/roles.js')
const { openStore, serve } = require('./server.js')

const HELP = `scrubjay-collector [serve]                          starts the service; the environment configures it
scrubjay-collector retain                            applies retention now
scrubjay-collector backup FOLDER                     copies the store, also while the service writes
scrubjay-collector apply-deletions FOLDER            after a restore: erases who was erased since, by FOLDER's meta.db
scrubjay-collector encrypt                           encrypts a store that is not, with STORE_ENCRYPTION_KEY
scrubjay-collector decrypt                           decrypts a store that has STORE_ENCRYPTION_KEY
scrubjay-collector rekey                             changes STORE_ENCRYPTION_KEY into STORE_ENCRYPTION_KEY_NEW
scrubjay-collector audit verify                      checks that nobody changed the audit trail
scrubjay-collector keys add --tenant T --roles R,R [--days N]
scrubjay-collector keys list --tenant T
scrubjay-collector keys revoke --tenant T ID
Roles: ${ROLES.join(', ')}.`

const DAY_MS = 86_400_000

/** A call that was wrong; its message says how it is right. */
class UsageError extends Error {}

/**
 * @param {string | undefined} value
 * @param {string} name
 */
function needed (value, name) {
  if (value === undefined) throw new UsageError(`${name} is missing`)
  return value
}

/**
 * @param {import('scrubjay').Store} store
 * @param {string[]} words
 * @param {Record<string, string | undefined>} options
 */
async function keys (store, words, { tenant, roles, days }) {
  const [command, id] = words
  const owner = needed(tenant, '--tenant')
  if (command === 'list') return { keys: await store.apiKeys(owner) }
  if (command === 'revoke') {
    await store.apiKeyRevoke(owner, needed(id, 'the id of the key'))
    return { revoked: true }
  }
  if (command !== 'add') throw new UsageError('expected keys add, list or revoke')
  const named = needed(roles, '--roles').split(',')
  const unknown = named.find((role) => !/** @type {readonly string[]} */ (ROLES).includes(role))
  if (unknown !== undefined) throw new UsageError(`roles are ${ROLES.join(', ')}`)
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) throw new UsageError('--days is a whole number from 1')
  const expires = days === undefined ? {} : { expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }
  return store.apiKeyAdd(owner, { roles: named, ...expires })
}

/**
 * Changes the key of the whole store, which nobody may have open.
 *
 * @param {'encrypt' | 'decrypt' | 'rekey'} command
 * @param {import('./config/index.js').CollectorConfig} config
 */
async function convert (command, { dataDir, encryptionKey }) {
  const key = needed(encryptionKey, 'STORE_ENCRYPTION_KEY')
  if (command === 'encrypt') return Store.convert(dataDir, { to: key })
  if (command === 'decrypt') return Store.convert(dataDir, { from: key })
  // Set to nothing is not set, as for every variable.
  const next = needed(process.env.STORE_ENCRYPTION_KEY_NEW || undefined, 'STORE_ENCRYPTION_KEY_NEW')
  return Store.convert(dataDir, { from: key, to: next })
}

/**
 * Runs one command on the store, and prints what it says as JSON.
 *
 * @param {string[]} words
 * @param {Record<string, string | undefined>} options
 */
async function run (words, options) {
  const [command, ...rest] = words
  const { config } = readConfig(process.env)
  if (command === 'encrypt' || command === 'decrypt' || command === 'rekey') return convert(command, config)
  const store = openStore(config, false)
  try {
    switch (command) {
      case 'retain': return await store.retain()
      case 'backup': return await store.backup(needed(rest[0], 'the folder'))
      case 'apply-deletions': return await store.applyDeletions(needed(rest[0], 'the folder with the newest meta.db'))
      case 'audit': {
        if (rest[0] !== 'verify') throw new UsageError('expected audit verify')
        const state = await store.auditVerify()
        if (state.broken_at !== null) process.exitCode = 1
        return state
      }
      case 'keys': return await keys(store, rest, options)
      default: throw new UsageError('no such command')
    }
  } finally {
    store.close()
  }
}

async function main () {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      tenant: { type: 'string' },
      roles: { type: 'string' },
      days: { type: 'string' }
    }
  })
  const { help, ...options } = values
  if (help) return console.log(HELP)
  if (positionals.length === 0 || positionals[0] === 'serve') return serve()
  console.log(JSON.stringify(await run(positionals, options) ?? {}))
}

main().catch((error) => {
  const isUsage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS')
  const said = error.faults?.join('; ') ?? error.message
  console.error(isUsage ? `${said}\n\n${HELP}` : `scrubjay-collector: ${said}`)
  process.exit(isUsage ? 2 : 1)
})
