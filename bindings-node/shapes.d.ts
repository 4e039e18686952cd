/** The shapes of what goes into scrubjay and comes out of it; see `index.d.ts` for the calls. */

/** A record: a plain object, or its JSON as text or UTF-8 bytes. */
export type RecordInput = string | Uint8Array | object

export type ErrorCode =
  | 'config_invalid'
  | 'config_unknown_key'
  | 'argument_invalid'
  | 'batch_unreadable'
  | 'closed'
  | 'store_unavailable'
  | 'store_version'
  | 'internal'
  | 'native_missing'

/** What every failed call throws, or rejects with. */
export interface ScrubjayError extends Error {
  /** Stable across releases and runtimes. */
  code: ErrorCode
  /** JSON Pointer into the configuration or specification; empty where there is none. */
  path: string
}

/** What is done to a finding. Secrets are never kept and never hashed. */
export type RuleAction = 'replace' | 'remove' | 'mask' | 'hash' | 'keep'

/** What a pattern finds in any string. */
export interface CustomRule {
  /** Stands in the token: `[custom:NAME]`. */
  name: string
  /** A regular expression without look-around and back-references. */
  pattern: string
  /** Default: `replace`. */
  action?: Exclude<RuleAction, 'keep'>
}

export interface Config {
  privacy?: {
    /** Default: `balanced`. */
    mode?: 'strict' | 'balanced' | 'minimal'
    pii_fields?: string[]
    hash_identifiers?: boolean
    anonymize_ips?: boolean
    /** At least 16 bytes; of records without a tenant as it is, of a tenant's by derivation. */
    pseudonym_key?: string
    /** Keys of tenants that have their own, by tenant id. */
    pseudonym_keys?: { [tenant: string]: string }
    /** 1 to 12 of a-z and 0-9; stands in each pseudonym. */
    pseudonym_key_id?: string
    /** By the name of a rule or of a group of rules. */
    actions?: { [rule: string]: RuleAction }
    rules?: CustomRule[]
    /** What stays although a rule finds it; never secrets and cards. */
    allow?: { values?: string[], domains?: string[], paths?: string[], networks?: string[] }
    /** Keeps what some rules find in boxes that one key opens. */
    seal?: { public_key: string, rules: string[] }
  }
  plan?: Plan
  client?: {
    /** Off unless true, here or by `TELEMETRY_ENABLED`. */
    enabled?: boolean
    /** Base URL of the collector. */
    endpoint?: string
    api_key?: string
    queue_max_items?: number
    queue_max_bytes?: number
    batch_max_items?: number
    batch_max_bytes?: number
    flush_interval_ms?: number
    request_timeout_ms?: number
    retry_max_attempts?: number
    retry_initial_ms?: number
    retry_max_ms?: number
  }
}

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

export type Status = 'accepted' | 'rejected' | 'dropped'

export interface Violation {
  /** JSON Pointer into the record. */
  path: string
  /** One of `codes().violations`. */
  code: string
  /** What is expected there; never the value. */
  message: string
}

export interface Redaction {
  /** JSON Pointer into the record. */
  path: string
  /** One of `codes().rules`. */
  rule: string
  /** One of `codes().actions`. */
  action: string
}

/** The engine's verdict on a record and what it did to it. */
export interface Outcome {
  status: Status
  /** The record's UUID, where it has a valid one or was stamped. */
  id: string | null
  violations: Violation[]
  redactions: Redaction[]
  /** The scrubbed canonical record, or null where it could not be read. */
  record: TelemetryEvent | null
}

/** A `telemetry_event_v1` record in canonical form. */
export interface TelemetryEvent {
  schema: string
  id?: string
  /** RFC 3339, UTC. */
  timestamp: string
  tenant_id?: string
  user_id?: string
  session_id?: string
  sample_rate?: number
  context?: { [name: string]: unknown }
  channel: string
  event: string
  payload: { [name: string]: unknown }
}

/** What an absent id or timestamp is made of. */
export interface Stamp {
  /** RFC 3339 with an offset. */
  now: string
  /** 20 hex digits. */
  random: string
}

/** What was decided about one kind of finding at one place. */
export interface Decision {
  /** JSON Pointer into the record as it was written. */
  path: string
  /** One of `codes().rules`; never the value. */
  rule: string
  /** One of `codes().actions`; `keep` where nothing was done. */
  action: string
  /** One of `codes().reasons`. */
  reason: string
}

/** Why scrubbing did what it did to one record. */
export interface Explanation {
  status: Status
  violations: Violation[]
  /** What was changed and what was kept, in document order. */
  decisions: Decision[]
}

/** A text whose sealed values were opened. */
export interface Unsealed {
  opened: number
  /** Boxes of another key; they stay. */
  failed: number
  text: string
}

/** Keys of sealed values, in base64url. */
export interface KeyPair {
  /** For the configuration, `privacy.seal.public_key`. */
  public_key: string
  /** For whoever may open what is sealed. */
  secret_key: string
}

export interface ScrubbedText {
  redactions: Redaction[]
  text: string
}

export interface ScrubbedJson {
  violations: Violation[]
  redactions: Redaction[]
  /** The scrubbed document, or null where it could not be read. */
  json: unknown
}

export interface Codes {
  statuses: Status[]
  violations: string[]
  errors: ErrorCode[]
  actions: string[]
  rules: string[]
  reasons: string[]
}

/** A metric of the catalog. */
export interface CatalogMetric {
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  unit: string
  description: string
}

/** The books: accepted = delivered + pending + the sum of dropped. */
export interface ClientStats {
  enabled: boolean
  disabled_by: null | 'DO_NOT_TRACK' | 'OTEL_SDK_DISABLED' | 'TELEMETRY_ENABLED' | 'configuration'
  accepted: number
  delivered: number
  pending: number
  /** Of what is pending, what waits on the disk. */
  spooled: number
  /** Of what was accepted, what earlier processes left on the disk. */
  recovered: number
  dropped: {
    queue_full: number
    invalid: number
    rejected: number
    export_failed: number
    too_large: number
    shutdown: number
    expired: number
    spool_full: number
    corrupt: number
    consent: number
  }
  not_captured: number
  violations: { [code: string]: number }
  redactions: { [rule: string]: number }
  requests: number
  retries: number
  last_error: string | null
  /** Why records wait in memory although there is a spool. */
  spool_error: string | null
}

/** `record`: one JSON object; `batch`: a JSON array of them; `ndjson`: one a line. */
export type BodyFormat = 'record' | 'batch' | 'ndjson'

/** What became of a body; results stand in its order. */
export interface Verdict {
  /** Stored, now or earlier. */
  accepted: number
  rejected: number
  dropped: number
  /** Of the accepted, those stored earlier. */
  duplicates: number
  results: Array<{ status: Status, id: string | null, violations: Violation[] }>
  redactions: { [rule: string]: number }
}

/** Which records are meant. Times are RFC 3339 with an offset; the default range is the last 24 hours. */
export interface Selection {
  /** Included. */
  start_time?: string
  /** Not included. */
  end_time?: string
  /** The kind of record; default: `telemetry_event_v1`. */
  schema?: string
  /** Of kinds without a channel: `trace`, `log`, `metric`, `span`, `perf_sample`, `replay_inconsistency`. */
  channel?: string
  /** Of kinds without an event: event key, event type, name, platform, client version. */
  event?: string
  user_id?: string
}

export interface QuerySpec extends Selection {
  /** 1 to 1,000; default 100. */
  limit?: number
  /** `next` of an earlier page. */
  cursor?: string
}

export interface Page {
  records: TelemetryEvent[]
  next: string | null
}

export type Aggregation = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'p50' | 'p95' | 'p99'

export interface AggregateSpec extends Selection {
  /** JSON Pointer to the number, such as `/payload/duration_ms`; every aggregation but `count` needs it. */
  field?: string
  /** Default: `count`. */
  aggregations?: Aggregation[]
  /** `channel`, `event`, `user_id`, `session_id`, or JSON Pointers; at most four. */
  group_by?: string[]
  interval?: '1m' | '5m' | '15m' | '1h' | '6h' | '1d'
  /** 1 to 20,000 buckets; default 1,000. */
  limit?: number
}

export type Bucket = {
  /** RFC 3339; absent without an interval. */
  start?: string
  group: { [key: string]: string | number | boolean | null }
} & { [figure in Aggregation]?: number | null }

export interface Buckets {
  buckets: Bucket[]
  /** Whether the limit cut some off. */
  truncated: boolean
}

export interface StoreStats {
  records: number
  days: Array<{ day: string, records: number, bytes: number }>
  bytes: number
  tenants: number
}
