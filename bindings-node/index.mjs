import scrubjay from './index.js'

export const {
  Engine, Client, Store, TelemetryStorageException, version, codes, schemas, metricsCatalog, planCheck, planDiff, profile, doctor,
  sealKeypair, unseal, panicForTest
} = scrubjay
