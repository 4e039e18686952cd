'use strict'

const { Client } = require('./lib/client.js')
const { Engine } = require('./lib/engine.js')
const { native } = require('./lib/native.js')
const { Store } = require('./lib/store.js')

exports.Engine = Engine
exports.Client = Client
exports.Store = Store
exports.version = () => native.version()
exports.codes = () => JSON.parse(native.codes())
exports.panicForTest = () => native.panicForTest()
