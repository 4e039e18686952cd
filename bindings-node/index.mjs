import scrubjay from './index.js'

export const {
  Engine, Client, Store, version, codes, schemas, metricsCatalog, planCheck, planDiff, sealKeypair, unseal, panicForTest
} = scrubjay
