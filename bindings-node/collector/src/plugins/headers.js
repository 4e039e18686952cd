'use strict'

const fp = require('fastify-plugin')
const { DOCUMENTATION } = require('../identity/roles.js')

/**
 * What browsers are told of every answer. There is no CORS: a page of another origin may not read anything, and what
 * it sends carries no credentials, since the dashboard's cookie stays with its own pages (`SameSite=Strict`).
 */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Figures and records of a tenant are for whoever asked.
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'"
}

/** @param {import('fastify').FastifyInstance} app */
async function headers (app) {
  app.addHook('onRequest', (request, reply, done) => {
    // The documentation's pages have a policy of their own, by their library.
    if (request.routeOptions.url?.startsWith(DOCUMENTATION)) reply.header('x-content-type-options', 'nosniff')
    else reply.headers(HEADERS)
    done()
  })
}

module.exports = fp(headers, { name: 'headers' })
