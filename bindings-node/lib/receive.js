'use strict'

/** What a collector needs to take in what others send. Nothing here blocks the event loop. */

const { nativeOf } = require('./engine.js')
const { native: { check, forwarded, inflateZstd, otlpAnswer, otlpRecords, otlpRefusal } } = require('./native.js')

module.exports = {
  /** @type {typeof import('../receive.d.ts').checkText} */
  checkText: (engine, format, body) => check(nativeOf(engine), format, body),
  forwarded,
  inflateZstd,
  otlpAnswer,
  otlpRecords,
  otlpRefusal
}
