'use strict'

const { dirname, join } = require('node:path')
const fastifyStatic = require('@fastify/static')

/**
 * The dashboard's page and what it loads. They say nothing of a tenant, so anybody may have them; all figures come
 * from the API.
 */

const PUBLIC = join(__dirname, '../../public')
/** The charts' library, as its package has it. */
const CHARTS = dirname(require.resolve('uplot/dist/uPlot.esm.js'))
const ASSETS = '/api/v1/telemetry/dashboard/assets/'

/** Nothing of another origin, nothing inline, in no frame. */
const POLICY = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-cache'
}

/** @param {import('fastify').FastifyInstance} app */
async function pageRoutes (app) {
  app.addHook('onRequest', async (_request, reply) => { reply.headers(POLICY) })
  app.register(fastifyStatic, {
    root: [PUBLIC, CHARTS], prefix: ASSETS, cacheControl: false, index: false, dotfiles: 'deny', schemaHide: true
  })
  app.get('/api/v1/telemetry/dashboard', {
    schema: {
      tags: ['dashboard'],
      summary: 'The dashboard (R1): a page that asks for a token.',
      response: { 200: { description: 'HTML.', content: { 'text/html': { schema: { type: 'string' } } } } }
    }
  }, async (_request, reply) => reply.type('text/html; charset=utf-8').sendFile('index.html'))
}

module.exports = { ASSETS, pageRoutes }
