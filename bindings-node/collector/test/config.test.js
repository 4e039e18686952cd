'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { readConfig } = require('../src/config/index.js')

const misspelt = (env) => readConfig(env).warnings.filter((warning) => warning.includes('not a known variable'))

const DEFAULTS = {
  host: '127.0.0.1',
  port: 3001,
  prometheusHost: '127.0.0.1',
  prometheusPort: 9464,
  dataDir: './data',
  logLevel: 'info',
  optOutEnforce: true,
  privacyMode: 'balanced',
  piiFields: undefined,
  pseudonymKey: undefined,
  retentionDays: 30,
  encryptionKey: undefined,
  hasDashboard: true,
  identity: { isOpen: true, jwt: undefined },
  limits: { perKey: 60_000, perTenant: 240_000, pending: 128 },
  reports: { periods: [], formats: ['html', 'json'], folder: 'data/reports', keep: 30, tenants: ['default'], chromium: undefined },
  forward: undefined,
  deletion: undefined
}

test('without any variable the defaults hold, on the loopback address, and what that means is said', () => {
  const { config, warnings } = readConfig({})
  assert.deepEqual(config, DEFAULTS)
  assert.equal(warnings.length, 2)
  assert.match(warnings[0], /no identity is configured/)
  assert.match(warnings[1], /^TELEMETRY_PSEUDONYM_KEY is not set/)
})

test('variables are read, and an empty one is an unset one', () => {
  const { config } = readConfig({
    HOST: '', PORT: '0', PROMETHEUS_PORT: '65535', PROMETHEUS_HOST: '::1', DATA_DIR: ' /d ', LOG_LEVEL: 'DEBUG',
    TELEMETRY_OPT_OUT_ENFORCE: 'off', TELEMETRY_PRIVACY_MODE: 'strict', TELEMETRY_PII_FIELDS: 'badge, seat',
    TELEMETRY_PSEUDONYM_KEY: '0123456789abcdef', TELEMETRY_RETENTION_DAYS: '90', TELEMETRY_DASHBOARD_ENABLED: 'no',
    RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_TENANT_PER_MINUTE: '7', MAX_PENDING_BODIES: '1',
    FORWARD_OTLP_ENDPOINT: 'https://otel.example:4318', FORWARD_OTLP_HEADERS: 'a=b, c = d', FORWARD_OTLP_PROTOCOL: 'http/json',
    FORWARD_DELETION_URL: 'http://127.0.0.1:1/x', FORWARD_DELETION_TOKEN: 't',
    TELEMETRY_REPORT_SCHEDULE: 'weekly, daily', TELEMETRY_REPORT_FORMATS: 'pdf,html', TELEMETRY_REPORT_CHROMIUM: process.execPath,
    TELEMETRY_REPORT_DIR: '/r', TELEMETRY_REPORT_KEEP: '7', TELEMETRY_REPORT_TENANTS: 'acme,globex'
  })
  assert.deepEqual(config, {
    ...DEFAULTS,
    port: 0,
    prometheusHost: '::1',
    prometheusPort: 65535,
    dataDir: '/d',
    logLevel: 'debug',
    optOutEnforce: false,
    privacyMode: 'strict',
    piiFields: ['badge', 'seat'],
    pseudonymKey: '0123456789abcdef',
    retentionDays: 90,
    hasDashboard: false,
    limits: { perKey: 0, perTenant: 7, pending: 1 },
    reports: {
      periods: ['daily', 'weekly'], formats: ['html', 'pdf'], folder: '/r', keep: 7, tenants: ['acme', 'globex'], chromium: process.execPath
    },
    forward: { endpoint: 'https://otel.example:4318', protocol: 'http/json', headers: { a: 'b', c: 'd' } },
    deletion: { url: 'http://127.0.0.1:1/x', token: 't' }
  })
})

test("OpenTelemetry's variable names the metrics port where ours does not", () => {
  assert.equal(readConfig({ OTEL_EXPORTER_PROMETHEUS_PORT: '9999' }).config.prometheusPort, 9999)
  assert.equal(readConfig({ OTEL_EXPORTER_PROMETHEUS_PORT: '9999', PROMETHEUS_PORT: '1' }).config.prometheusPort, 1)
})

test('all faults are listed at once and no value is quoted', () => {
  const env = {
    PORT: 'secret1', PROMETHEUS_PORT: '65536', LOG_LEVEL: 'secret2',
    TELEMETRY_OPT_OUT_ENFORCE: 'perhaps', TELEMETRY_PRIVACY_MODE: 'secret3', TELEMETRY_RETENTION_DAYS: '91',
    TELEMETRY_PSEUDONYM_KEY: 'secret4', STORE_ENCRYPTION_KEY: 'secret5', JWT_SECRET: 'secret6', JWT_CLOCK_SKEW_S: '301',
    RATE_LIMIT_PER_MINUTE: 'secret7', MAX_PENDING_BODIES: '0', FORWARD_OTLP_ENDPOINT: 'http://secret8.example',
    FORWARD_OTLP_HEADERS: 'secret9', FORWARD_DELETION_URL: 'https://secret:10@x.example'
  }
  assert.throws(() => readConfig(env), (error) => {
    assert.equal(error.code, 'config_invalid')
    assert.deepEqual(error.faults.map((fault) => fault.split(' ')[0]).sort(), Object.keys(env).sort())
    assert.doesNotMatch(error.message, /secret|perhaps|65536/)
    return true
  })
})

test('a misspelt variable is named with the nearest known one', () => {
  assert.deepEqual(misspelt({ TELEMETRY_PRIVACY_MOED: 'strict', TELEMETRY_ENABLED: 'true' }), [
    'TELEMETRY_PRIVACY_MOED is not a known variable; did you mean TELEMETRY_PRIVACY_MODE?'
  ])
  assert.deepEqual(misspelt({ TELEMETRY_X: '1' }), ['TELEMETRY_X is not a known variable'])
})
