'use strict'

const fp = require('fastify-plugin')

/**
 * Ends the connections of requests that are answered while the server closes: kept alive, each would hold the
 * process for its idle timeout.
 *
 * @param {import('fastify').FastifyInstance} app
 */
async function closing (app) {
  let isClosing = false
  app.addHook('preClose', async () => { isClosing = true })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close')
    done()
  })
}

module.exports = fp(closing, { name: 'closing' })
