/**
 * Canonical records: what the engine writes. Made from core/schemas by tests/record_types.py.
 *
 * `schema` tells the kinds apart: `if (record.schema === 'telemetry_event_v1') record.payload`.
 */

/** What scrubbing put in place of a value; satisfies every form. */
export type Token = `[${string}]`

/** Members that are an application's own. */
export interface Members { [name: string]: unknown }

/** Where it happened. */
export interface Context {
  /** IPv4 or IPv6; truncated or removed by privacy mode. */
  ip_address?: string
  /** Correlates records of one request. */
  request_id?: string
  /** Name or pattern of the route. */
  route_name?: string
  /** 16 hex digits. */
  span_id?: string
  /** 32 hex digits. */
  trace_id?: string
  /** Cut after 255 characters. */
  user_agent?: string
  [name: string]: unknown
}

/**
 * Something that happened in an application. What a legacy record has beside these members goes into payload.
 */
export interface TelemetryEvent {
  /** The part of the application that it comes from. */
  channel: string
  /** Where it happened. */
  context?: Context
  /** What happened. */
  event: string
  /** UUID, by which a repetition is recognised; stamped when absent. */
  id?: string
  /** What is to be known about it. */
  payload: Members
  /** The share of such records that are kept. */
  sample_rate?: number
  /** The kind of the record; telemetry_event_v1 when absent. */
  schema: 'telemetry_event_v1'
  /** Pseudonymised. */
  session_id?: string
  /** Whose record it is; a collector knows it from credentials. */
  tenant_id?: string
  /** When it happened: UTC with microseconds; stamped when absent. */
  timestamp: string
  /** Pseudonymised. */
  user_id?: string
}

/**
 * A step of the system that operators want to follow: an access decision, a slow operation. What a legacy
 * record has beside these members goes into metadata.
 */
export interface TelemetryTrace {
  /** Who did it; pseudonymised. */
  actor_id?: string | number
  /** What kind of actor, such as admin. */
  actor_type?: string
  /** Where it happened. */
  context?: Context
  /** Event in dot notation. */
  event_key: string
  /** UUID, by which a repetition is recognised; stamped when absent. */
  id?: string
  /** IPv4 or IPv6; truncated or removed by privacy mode. */
  ip_address?: string
  /** What else is to be known. */
  metadata?: Members
  /** Correlates records of one request. */
  request_id?: string
  /** Name or pattern of the route. */
  route_name?: string
  /** The share of such records that are kept. */
  sample_rate?: number
  /** The kind of the record; telemetry_event_v1 when absent. */
  schema: 'telemetry_trace_v1'
  /** Pseudonymised. */
  session_id?: string
  /** How serious it is; info when absent. */
  severity: 'debug' | 'info' | 'warning' | 'error' | Token
  /** Whose record it is; a collector knows it from credentials. */
  tenant_id?: string
  /** When it happened: UTC with microseconds; stamped when absent. */
  timestamp: string
  /** Cut after 255 characters. */
  user_agent?: string
  /** Pseudonymised. */
  user_id?: string
}

/** An entry of the structured log. What a legacy record has beside these members goes into metadata. */
export interface TelemetryLog {
  /** The part of the application that speaks. */
  component: string
  /** Where it happened. */
  context?: Context
  /** Pseudonymised. */
  document_id?: string
  /** What kind of thing happened. */
  event_type: string
  /** Feature flags in force. */
  feature_flag_context: Members
  /** UUID, by which a repetition is recognised; stamped when absent. */
  id?: string
  /** How long it took, in milliseconds. */
  latency_ms?: number
  /** How serious it is. */
  level: 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'fatal' | Token
  /** What it says. */
  message: string
  /** What else is to be known. */
  metadata?: Members
  /** Correlates entries of one operation. */
  operation_id?: string
  /** The share of such records that are kept. */
  sample_rate?: number
  /** The kind of the record; telemetry_event_v1 when absent. */
  schema: 'telemetry_log_v1'
  /** Pseudonymised. */
  session_id?: string
  /** Whose record it is; a collector knows it from credentials. */
  tenant_id?: string
  /** When it happened: UTC with microseconds; stamped when absent. */
  timestamp: string
  /** 32 hex digits. */
  trace_id?: string
  /** Pseudonymised. */
  user_id?: string
}

/**
 * One measurement, or what a client added up of many. What a legacy record has beside these members goes into
 * attributes.
 */
export interface TelemetryMetric {
  /** Whether an aggregate covers its interval (delta) or everything since the start (cumulative). */
  aggregation_temporality?: 'delta' | 'cumulative' | Token
  /** What tells measurements of one name apart. */
  attributes?: Members
  /** Measurements by bucket, one more than bounds. */
  bucket_counts?: number[]
  /** Where it happened. */
  context?: Context
  /** How many measurements a histogram holds. */
  count?: number
  /** Where buckets end, in rising order. */
  explicit_bounds?: number[]
  /** UUID, by which a repetition is recognised; stamped when absent. */
  id?: string
  /** The greatest of them. */
  max?: number
  /** The least of them. */
  min?: number
  /** What is measured. */
  name: string
  /** The share of such records that are kept. */
  sample_rate?: number
  /** The kind of the record; telemetry_event_v1 when absent. */
  schema: 'telemetry_metric_v1'
  /** Pseudonymised. */
  session_id?: string
  /** When an aggregate's interval began; it ends at the timestamp. */
  start_time_unix_nano?: string
  /** Of a histogram's measurements. */
  sum?: number
  /** Whose record it is; a collector knows it from credentials. */
  tenant_id?: string
  /** When it happened: UTC with microseconds; stamped when absent. */
  timestamp: string
  /** How values add up. */
  type: 'counter' | 'gauge' | 'histogram' | 'updowncounter' | Token
  /** Of the value. */
  unit?: string
  /** Pseudonymised. */
  user_id?: string
  /** The measurement; of many: their sum, the last, or a histogram's mean. */
  value: number
}

/**
 * A unit of work of a distributed trace. What a legacy record has beside these members goes into attributes.
 */
export interface TelemetrySpan {
  /** What else is to be known. */
  attributes?: Members
  /** Where it happened. */
  context?: Context
  /** How many attributes were left out. */
  dropped_attributes_count?: number
  /** How many events were left out. */
  dropped_events_count?: number
  /** How many links were left out. */
  dropped_links_count?: number
  /** When it ended. */
  end_time_unix_nano: string
  /** What happened meanwhile. */
  events?: {
    /** What else is to be known. */
    attributes?: Members
    /** How many attributes were left out. */
    dropped_attributes_count?: number
    /** What happened. */
    name: string
    /** When it happened. */
    time_unix_nano: string
    [name: string]: unknown
  }[]
  /** W3C trace flags. */
  flags?: number
  /** UUID, by which a repetition is recognised; stamped when absent. */
  id?: string
  /** The span's side of a call. */
  kind?: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer' | Token
  /** Spans that caused it. */
  links?: {
    /** What else is to be known. */
    attributes?: Members
    /** How many attributes were left out. */
    dropped_attributes_count?: number
    /** W3C trace flags. */
    flags?: number
    /** 16 hex digits. */
    span_id: string
    /** 32 hex digits. */
    trace_id: string
    /** W3C tracestate. */
    trace_state?: string
    [name: string]: unknown
  }[]
  /** What was done. */
  name: string
  /** 16 hex digits; absent for a root. */
  parent_span_id?: string
  /** The share of such records that are kept. */
  sample_rate?: number
  /** The kind of the record; telemetry_event_v1 when absent. */
  schema: 'telemetry_span_v1'
  /** Pseudonymised. */
  session_id?: string
  /** 16 hex digits. */
  span_id: string
  /** When it began. */
  start_time_unix_nano: string
  /** How it ended. */
  status?: {
    /** unset, ok or error. */
    code?: 'unset' | 'ok' | 'error' | Token
    /** Why it failed. */
    message?: string
    [name: string]: unknown
  }
  /** Whose record it is; a collector knows it from credentials. */
  tenant_id?: string
  /** When it happened: UTC with microseconds; stamped when absent. */
  timestamp: string
  /** 32 hex digits. */
  trace_id: string
  /** W3C tracestate. */
  trace_state?: string
  /** Pseudonymised. */
  user_id?: string
}

/**
 * How fast the application was for a moment. What a legacy record has beside these members goes into metadata.
 */
export interface PerfSample {
  /** Where it happened. */
  context?: Context
  /** Lag of the pointer, microseconds. */
  cursor_latency_us?: number
  /** Pseudonymised. */
  document_id?: string
  /** Events replayed in a second. */
  event_replay_rate: number
  /** Feature flags in force. */
  flags_active?: string[]
  /** Frames drawn in a second. */
  fps: number
  /** Time that a frame took. */
  frame_time_ms: number
  /** UUID, by which a repetition is recognised; stamped when absent. */
  id?: string
  /** What else is to be known. */
  metadata?: Members
  /** Without it: dropped. */
  opt_in: boolean
  /** Where the application runs. */
  platform: 'android' | 'fuchsia' | 'ios' | 'linux' | 'macos' | 'web' | 'windows' | Token
  /** The share of such records that are kept. */
  sample_rate?: number
  /** Time that the sample spans. */
  sampling_interval_ms: number
  /** The kind of the record; telemetry_event_v1 when absent. */
  schema: 'perf_sample_v1'
  /** Pseudonymised. */
  session_id?: string
  /** Time that a snapshot took. */
  snapshot_duration_ms?: number
  /** Whose record it is; a collector knows it from credentials. */
  tenant_id?: string
  /** When it happened: UTC with microseconds; stamped when absent. */
  timestamp: string
  /** Pseudonymised. */
  user_id?: string
}

/**
 * A replay of events that led to another state than the one recorded. What a legacy record has beside these
 * members goes into metadata.
 */
export interface ReplayInconsistency {
  /** Version of the application. */
  client_version?: string
  /** Where it happened. */
  context?: Context
  /** Pseudonymised. */
  document_id: string
  /** The events that were replayed. */
  event_ids?: string[]
  /** UUID, by which a repetition is recognised; stamped when absent. */
  id?: string
  /** What else is to be known. */
  metadata?: Members
  /** Where false: dropped. */
  opt_in?: boolean
  /** Where the application runs. */
  platform?: 'android' | 'fuchsia' | 'ios' | 'linux' | 'macos' | 'web' | 'windows' | Token
  /** The share of such records that are kept. */
  sample_rate?: number
  /** The kind of the record; telemetry_event_v1 when absent. */
  schema: 'replay_inconsistency_v1'
  /** Pseudonymised. */
  session_id?: string
  /** The snapshot that the replay began from. */
  snapshot_sequence?: number
  /** State that the replay made. */
  state_hash_after: string
  /** State as it was recorded. */
  state_hash_before: string
  /** Whose record it is; a collector knows it from credentials. */
  tenant_id?: string
  /** When it happened: UTC with microseconds; stamped when absent. */
  timestamp: string
  /** Pseudonymised. */
  user_id?: string
}

/** A record of any kind. */
export type CanonicalRecord = TelemetryEvent | TelemetryTrace | TelemetryLog | TelemetryMetric | TelemetrySpan | PerfSample | ReplayInconsistency
