'use strict'

/** What a collector needs to take in what others send. Nothing here blocks the event loop. */

const { native: { forwarded, inflateZstd, otlpAnswer, otlpRecords, otlpRefusal } } = require('./native.js')

module.exports = { forwarded, inflateZstd, otlpAnswer, otlpRecords, otlpRefusal }
