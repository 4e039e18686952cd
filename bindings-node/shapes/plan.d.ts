/** Tracking plans and what is said about them. */

/** A tracking plan: the schema of each event's payload. */
export interface Plan {
  version?: string
  description?: string
  /** What becomes of events that the plan does not name. Default: `allow`. */
  unplanned?: 'allow' | 'reject'
  /** From `channel.event` to the schema of its payload. */
  events: Record<string, PlanSchema | boolean>
  $comment?: string
  $schema?: string
}

/** The part of JSON Schema 2020-12 that plans have, and `pii`. */
export interface PlanSchema {
  type?: PlanType | PlanType[]
  enum?: unknown[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  /** A regular expression of ECMA 262 without look-around, back references and `\\p`. */
  pattern?: string
  format?: 'date-time' | 'date' | 'time' | 'uuid' | 'email' | 'uri' | 'ipv4' | 'ipv6'
  items?: PlanSchema | boolean
  properties?: Record<string, PlanSchema | boolean>
  required?: string[]
  additionalProperties?: PlanSchema | boolean
  /** What is done with the value, whatever the detectors say. Secrets are removed in any case. */
  pii?: 'remove' | 'replace' | 'mask' | 'hash' | 'keep'
  title?: string
  description?: string
  $schema?: string
  $id?: string
  $comment?: string
  examples?: unknown[]
  default?: unknown
  deprecated?: boolean
}

export type PlanType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'

export interface PlanFigures {
  version: string | null
  unplanned: 'allow' | 'reject'
  events: number
  fields: number
  /** Fields by action. */
  pii: Record<'remove' | 'replace' | 'mask' | 'hash' | 'keep', number>
}

export interface PlanDiff {
  old_version: string | null
  new_version: string | null
  /** Whether the new plan rejects or loses what the old one accepted. */
  breaking: boolean
  changes: PlanChange[]
}

export interface PlanChange {
  /** JSON Pointer into the plans. */
  path: string
  kind: 'added' | 'removed' | 'tightened' | 'loosened' | 'changed'
  breaking: boolean
  reason: string
}
