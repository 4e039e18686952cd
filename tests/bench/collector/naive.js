'use strict'

/** The patterns of `core/benches/support/naive.rs`, in JavaScript, and the schema of events by ajv. */

const path = require('node:path')

const CORE = path.resolve(__dirname, '../../../core')
const SCHEMA = path.join(CORE, 'schemas/telemetry_event_v1.json')
const PATTERNS = require(path.join(CORE, 'benches/support/patterns.json'))

const DETECTORS = PATTERNS.detectors.map(({ kind, pattern }) => [`[${kind}]`, compiled(pattern, 'g')])
const NAMES = compiled(PATTERNS.names, '')

/** Of a pattern in pieces, which may begin with `(?i)`. */
function compiled (pieces, flags) {
  const pattern = pieces.join('')
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), flags + 'i') : new RegExp(pattern, flags)
}

/** Scrubs a record in place. */
function clean (record) {
  const left = [record]
  while (left.length > 0) {
    const node = left.pop()
    for (const [name, value] of Object.entries(node)) {
      if (typeof value === 'string') node[name] = NAMES.test(name) ? '[secret]' : scrubbed(value)
      else if (typeof value === 'object' && value !== null) left.push(value)
    }
  }
  return record
}

function scrubbed (text) {
  for (const [kind, pattern] of DETECTORS) text = text.replace(pattern, kind)
  return text
}

function validator (load) {
  const schema = require(SCHEMA)
  const Ajv = load('ajv/dist/2020')
  return new Ajv({ strict: false, validateFormats: false }).compile(schema)
}

module.exports = { clean, validator }
