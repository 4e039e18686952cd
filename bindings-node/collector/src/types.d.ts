import type { Identity } from './identity/verifier.js'
import type { RequestContext } from './plugins/context.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is; undefined on routes that anybody may call. */
    identity: Identity | undefined
    context: RequestContext
  }
}

export {}
