import plugin from './fastify.js'

export const { fastifyTelemetry } = plugin
