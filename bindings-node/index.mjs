import scrubjay from './index.js'

export const { Engine, Client, Store, version, codes, panicForTest } = scrubjay
