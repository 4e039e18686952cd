'use strict'

/** The patterns of `core/benches/support/naive.rs`, in JavaScript, and the schema of events by ajv. */

const path = require('node:path')

const SCHEMA = path.resolve(__dirname, '../../../core/schemas/telemetry_event_v1.json')

const DETECTORS = [
  ['[private_key]', /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g],
  ['[otp]', /otpauth:\/\/[^\s]+/g],
  ['[url_credentials]', /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]+:[^/\s@]+@/g],
  ['[jwt]', /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+/g],
  ['[authorization]', /\b(?:bearer|basic)\s+[a-z0-9._~+/-]{8,}=*/gi],
  ['[cookie]', /\b(?:set-)?cookie:\s*[^\r\n]+/gi],
  ['[secret]', /\b(?:password|passwd|secret|token|api_?key)\s*[=:]\s*[^\s"',;&]{4,}/gi],
  ['[aws_key]', /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g],
  ['[github_token]', /\bgh[pousr]_[A-Za-z0-9]{36,}\b/g],
  ['[slack_token]', /\bxox[abprs]-[A-Za-z0-9-]{10,}/g],
  ['[google_key]', /\bAIza[A-Za-z0-9_-]{35}/g],
  ['[stripe_key]', /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}\b/g],
  ['[email]', /\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b/g],
  ['[iban]', /\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b/g],
  ['[card]', /\b[3-6](?:[ -]?[0-9]){12,18}\b/g],
  ['[ssn]', /\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b/g],
  ['[mac]', /\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b/g],
  ['[ip]', /\b(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4})+\b/g],
  ['[ip]', /\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b/g],
  ['[phone]', /(?:\+[0-9]{1,3}[ .-]?)?(?:\([0-9]{3}\) ?|\b[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}\b/g],
  ['[crypto]', /\b(?:0x[0-9a-fA-F]{40}|bc1[a-z0-9]{25,60})\b/g],
  ['[path]', /(?:\/home\/|\/Users\/|C:\\Users\\)[^/\\\s]+/g]
]

const NAMES =
  /^(?:.*(?:password|secret|token|api_?key|authorization|cookie).*|e?mail|phone|ssn|iban|card(?:_number)?)$/i

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
