'use strict'

const { readFileSync } = require('node:fs')

const TRUE = ['1', 'true', 'yes', 'on']
const FALSE = ['0', 'false', 'no', 'off']
const MAX_PORT = 65_535

/** Reads variables one by one and keeps every fault. No message quotes a value. */
class Reader {
  #env

  /** @param {NodeJS.ProcessEnv} env */
  constructor (env) {
    this.#env = env
    /** @type {string[]} */
    this.faults = []
    /** @type {string[]} */
    this.warnings = []
  }

  /**
   * A text; an empty variable is an unset one, as OpenTelemetry has it.
   *
   * @param {string} name
   * @returns {string | undefined}
   */
  text (name) {
    return this.#env[name]?.trim() || undefined
  }

  /**
   * @param {string} name
   * @returns {string[] | undefined} words between commas
   */
  words (name) {
    return this.text(name)?.split(',').map((word) => word.trim()).filter((word) => word !== '')
  }

  /**
   * @param {string} name
   * @param {number} fallback
   */
  port (name, fallback) {
    return this.whole(name, fallback, 0, MAX_PORT, 'a port: a whole number')
  }

  /**
   * @param {string} name
   * @param {number} fallback
   * @param {number} least
   * @param {number} most
   * @param {string} [what]
   */
  whole (name, fallback, least, most, what = 'a whole number') {
    const text = this.text(name)
    if (text === undefined) return fallback
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN
    if (number >= least && number <= most) return number
    this.fault(name, `must be ${what} from ${least} to ${most}`)
    return fallback
  }

  /**
   * @template {string} T
   * @param {string} name
   * @param {readonly T[]} words
   * @param {T} fallback
   * @returns {T}
   */
  oneOf (name, words, fallback) {
    const given = this.text(name)?.toLowerCase() ?? fallback
    const found = words.find((word) => word.toLowerCase() === given.toLowerCase())
    if (found === undefined) this.fault(name, `must be one of ${words.join(', ')}`)
    return found ?? fallback
  }

  /**
   * @param {string} name
   * @param {boolean} fallback
   */
  boolean (name, fallback) {
    return TRUE.includes(this.oneOf(name, [...TRUE, ...FALSE], fallback ? 'true' : 'false'))
  }

  /**
   * An address that requests go to: https, or http on the loopback interface, without credentials in it.
   *
   * @param {string} name
   * @returns {string | undefined}
   */
  url (name) {
    const text = this.text(name)
    if (text === undefined) return undefined
    const url = parsed(text)
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
    if (url && isSafe && url.username === '' && url.password === '') return text
    this.fault(name, 'must be an https URL without credentials in it; http is for the loopback interface only')
    return undefined
  }

  /**
   * A key of 32 bytes as base64.
   *
   * @param {string} name
   */
  key (name) {
    const text = this.text(name)
    if (text === undefined || Buffer.from(text, 'base64').length === 32) return text
    this.fault(name, 'must be 32 bytes of base64; `openssl rand -base64 32` makes them')
    return undefined
  }

  /**
   * A secret, or what the file of this name holds: PEM keys are files mostly.
   *
   * @param {string} name
   * @returns {string | undefined}
   */
  pem (name) {
    const text = this.text(name)
    if (text === undefined || text.startsWith('-----BEGIN')) return text
    try {
      return readFileSync(text, 'utf8')
    } catch {
      this.fault(name, 'must be a PEM public key, or the path of a file with one that can be read')
      return undefined
    }
  }

  /**
   * @param {string} name
   * @param {string} what
   */
  fault (name, what) {
    this.faults.push(`${name} ${what}`)
  }
}

/** @param {string} text */
function parsed (text) {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

/**
 * Whether only this machine reaches an address.
 *
 * @param {string} host
 */
function isLoopback (host) {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

exports.Reader = Reader
exports.isLoopback = isLoopback
