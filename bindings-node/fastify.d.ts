/** A plugin for Fastify 5: `app.register(fastifyTelemetry, { client })`. */

import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Enrich, HttpTelemetryOptions } from './shapes/http.js'

export interface FastifyTelemetryOptions extends HttpTelemetryOptions {
  enrich?: Enrich<FastifyRequest>
}

/** Records that are tracked while a request is served carry its id, route, address, user agent and trace; each request is a
 * span of kind `server`, in the caller's trace where it names one. The client stays the host's to shut down. */
export const fastifyTelemetry: FastifyPluginAsync<FastifyTelemetryOptions>
