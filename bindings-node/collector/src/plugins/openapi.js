'use strict'

const fp = require('fastify-plugin')
const swagger = require('@fastify/swagger')
const swaggerUi = require('@fastify/swagger-ui')
const { DOCUMENTATION, accessOf, PUBLIC } = require('../identity/roles.js')

const DESCRIPTION = `Receives telemetry, validates and scrubs it again, keeps what it accepted, and answers questions.
Every 2xx of a request that brings records is durable. The tenant is that of the credentials.`

/** What a failure looks like, whatever failed. */
const FAILURE = {
  $id: 'Failure',
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', description: 'Stable across releases.' },
        message: { type: 'string', description: 'What is wrong and how to mend it. Quotes nothing that was sent.' }
      }
    }
  }
}

/**
 * The description of the API, made of the routes' own schemas, and pages to read it. Nothing is fetched from elsewhere.
 *
 * @param {import('fastify').FastifyInstance} app
 * @param {{ version: string }} options
 */
async function openapi (app, { version }) {
  app.addSchema(FAILURE)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'scrubjay collector', version, description: DESCRIPTION, license: { name: 'MIT OR Apache-2.0' }
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A JWT, or an API key of the collector.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' }
        }
      },
      security: [{ bearer: [] }, { apiKey: [] }]
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`) },
    transform: ({ schema, url, route }) => {
      const method = String([route.method].flat()[0])
      const isPublic = accessOf(method, url) === PUBLIC
      return { schema: isPublic && schema ? { ...schema, security: [] } : schema, url }
    }
  })
  await app.register(swaggerUi, { routePrefix: DOCUMENTATION, staticCSP: true })
  app.get('/openapi.json', { schema: { hide: true }, logLevel: 'warn' }, async () => app.swagger())
}

module.exports = fp(openapi, { name: 'openapi' })
