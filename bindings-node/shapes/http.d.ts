/** What the plugins for HTTP frameworks take. */

import type { Client } from '../index.js'
import type { RequestContext } from './tracing.js'

export interface HttpTelemetryOptions {
  client: Client
  /** Whether each request is a span; default true. Without it records carry the context alone. */
  isSpanned?: boolean
}

/** What else is known of a request, such as its user. Asked once, when the request begins. */
export type Enrich<Request> = (request: Request) => RequestContext
