/** Middleware for Express 4 and 5: `app.use(expressTelemetry({ client }))`, before all other. */

import type { Request, RequestHandler } from 'express'
import type { Enrich, HttpTelemetryOptions } from './shapes/http.js'

export interface ExpressTelemetryOptions extends HttpTelemetryOptions {
  enrich?: Enrich<Request>
}

/** Records that are tracked while a request is served carry its id (of `x-request-id`), route, address, user agent and
 * trace; each request is a span of kind `server`, in the caller's trace where it names one. */
export function expressTelemetry (options: ExpressTelemetryOptions): RequestHandler
