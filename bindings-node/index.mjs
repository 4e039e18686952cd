import scrubjay from './index.js'

export const {
  Engine, Client, Store, TelemetryStorageException, withContext, currentSpan, currentTraceparent, readTraceparent,
  installShutdownHooks, version, codes, schemas, metricsCatalog, reportPage, planCheck, planDiff, profile, doctor,
  sealKeypair, unseal, panicForTest
} = scrubjay
