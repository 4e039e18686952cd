'use strict'

/** The clients of this thread that have something to lose, and what is done with it at the end. */

/** Exit may cost a host this much and no more. */
const SHUTDOWN_TIMEOUT_MS = 1_000

/**
 * @typedef {object} Leaving
 * @property {(deadline: number) => void} leave ends now, and holds up the thread up to the deadline
 * @property {(timeout?: number) => Promise<boolean>} flush
 * @property {(timeout?: number) => Promise<boolean>} shutdown
 */

/** @type {Set<WeakRef<Leaving>>} */
const live = new Set()
/** Of clients that were forgotten without being shut down. */
const forgotten = new FinalizationRegistry((/** @type {WeakRef<Leaving>} */ self) => live.delete(self))
let isWatching = false

/**
 * @param {Leaving} client
 * @returns {() => void} what takes it out
 */
function enlist (client) {
  if (!isWatching) process.once('exit', leaveAll)
  isWatching = true
  const self = new WeakRef(client)
  live.add(self)
  forgotten.register(client, self, self)
  return () => {
    live.delete(self)
    forgotten.unregister(self)
  }
}

function * clients () {
  for (const self of live) {
    const client = self.deref()
    if (client) yield client
  }
}

/** At the end of the process: one deadline for all clients. Nothing else can run any more, so this may wait. */
function leaveAll () {
  const deadline = Date.now() + SHUTDOWN_TIMEOUT_MS
  for (const client of clients()) client.leave(deadline)
}

/**
 * @param {import('../index.d.ts').ShutdownHooks} [options]
 * @returns {() => void}
 */
function installShutdownHooks ({ signals = ['SIGTERM', 'SIGINT'], timeoutMs = SHUTDOWN_TIMEOUT_MS } = {}) {
  const remove = () => { for (const signal of signals) process.removeListener(signal, onSignal) }
  /** @param {NodeJS.Signals} signal */
  async function onSignal (signal) {
    // Whoever else listens decides when the process ends, and may have more to say until then.
    const isAlone = process.listenerCount(signal) === 1
    const end = (/** @type {Leaving} */ client) => isAlone ? client.shutdown(timeoutMs) : client.flush(timeoutMs)
    await Promise.allSettled(Array.from(clients(), end))
    if (!isAlone) return
    remove()
    process.kill(process.pid, signal)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return remove
}

module.exports = { SHUTDOWN_TIMEOUT_MS, enlist, installShutdownHooks }
