/** The shapes of what goes into scrubjay and comes out of it; see `index.d.ts` for the calls. */

export type * from './shapes/client.js'
export type * from './shapes/config.js'
export type * from './shapes/plan.js'
export type * from './shapes/tracing.js'

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
  | 'consent_unavailable'
  | 'internal'
  | 'native_missing'

/** What every failed call throws, or rejects with. */
export interface ScrubjayError extends Error {
  /** Stable across releases and runtimes. */
  code: ErrorCode
  /** JSON Pointer into the configuration or specification; empty where there is none. */
  path: string
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
