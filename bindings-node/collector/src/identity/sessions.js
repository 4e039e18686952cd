'use strict'

const { randomBytes } = require('node:crypto')

/**
 * Sessions of the dashboard: a token is exchanged for a random cookie, so that no script and no disk holds the token.
 * They live in memory; after a restart people sign in again.
 *
 * @typedef {{ identity: import('./verifier.js').Identity, csrf: string, until: number }} Session
 */

/** A working day. A revoked token opens no new session, and an open one ends with it. */
const SESSION_MS = 8 * 3_600_000
/** People who look at once; the bound is for memory. The oldest goes. */
const MAX_SESSIONS = 1_000
/** Bits that nobody guesses: 256. */
const SECRET_BYTES = 32

const COOKIE = 'scrubjay_session'

class Sessions {
  /** @type {Map<string, Session>} */
  #open = new Map()
  #now

  /** @param {() => number} [now] milliseconds, rising */
  constructor (now = () => performance.now()) {
    this.#now = now
  }

  /**
   * @param {import('./verifier.js').Identity} identity
   * @returns {{ id: string, session: Session }}
   */
  open (identity) {
    const [oldest] = this.#open.keys()
    if (this.#open.size >= MAX_SESSIONS && oldest !== undefined) this.#open.delete(oldest)
    const session = { identity, csrf: secret(), until: this.#now() + SESSION_MS }
    const id = secret()
    this.#open.set(id, session)
    return { id, session }
  }

  /**
   * @param {string | undefined} id
   * @returns {Session | null}
   */
  find (id) {
    const session = id === undefined ? undefined : this.#open.get(id)
    if (id === undefined || session === undefined) return null
    if (session.until > this.#now()) return session
    this.#open.delete(id)
    return null
  }

  /** @param {string | undefined} id */
  close (id) {
    if (id !== undefined) this.#open.delete(id)
  }
}

function secret () {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

exports.COOKIE = COOKIE
exports.SESSION_MS = SESSION_MS
exports.Sessions = Sessions
