'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { readConfig } = require('../src/config.js')

test('without any variable the defaults hold, on the loopback address', () => {
  assert.deepEqual(readConfig({}), {
    config: {
      host: '127.0.0.1',
      port: 3001,
      prometheusPort: 9464,
      dataDir: './data',
      logLevel: 'info',
      optOutEnforce: true,
      privacyMode: 'balanced'
    },
    warnings: []
  })
})

test('variables are read, and an empty one is an unset one', () => {
  const { config } = readConfig({
    HOST: '', PORT: '0', PROMETHEUS_PORT: '65535', DATA_DIR: ' /d ', LOG_LEVEL: 'DEBUG',
    TELEMETRY_OPT_OUT_ENFORCE: 'off', TELEMETRY_PRIVACY_MODE: 'strict'
  })
  assert.deepEqual(config, {
    host: '127.0.0.1',
    port: 0,
    prometheusPort: 65535,
    dataDir: '/d',
    logLevel: 'debug',
    optOutEnforce: false,
    privacyMode: 'strict'
  })
})

test("OpenTelemetry's variable names the metrics port where ours does not", () => {
  assert.equal(readConfig({ OTEL_EXPORTER_PROMETHEUS_PORT: '9999' }).config.prometheusPort, 9999)
  assert.equal(readConfig({ OTEL_EXPORTER_PROMETHEUS_PORT: '9999', PROMETHEUS_PORT: '1' }).config.prometheusPort, 1)
})

test('all faults are listed at once and no value is quoted', () => {
  const env = {
    PORT: 'secret1', PROMETHEUS_PORT: '65536', LOG_LEVEL: 'secret2',
    TELEMETRY_OPT_OUT_ENFORCE: 'perhaps', TELEMETRY_PRIVACY_MODE: 'secret3'
  }
  assert.throws(() => readConfig(env), (error) => {
    assert.equal(error.code, 'config_invalid')
    assert.deepEqual(error.faults.map((fault) => fault.split(' ')[0]).sort(), Object.keys(env).sort())
    assert.doesNotMatch(error.message, /secret|perhaps|65536/)
    return true
  })
})

test('a misspelt variable is named with the nearest known one', () => {
  assert.deepEqual(readConfig({ TELEMETRY_PRIVACY_MOED: 'strict', TELEMETRY_ENABLED: 'true' }).warnings, [
    'TELEMETRY_PRIVACY_MOED is not a known variable; did you mean TELEMETRY_PRIVACY_MODE?'
  ])
  assert.deepEqual(readConfig({ TELEMETRY_X: '1' }).warnings, ['TELEMETRY_X is not a known variable'])
})
