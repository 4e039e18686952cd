/** Configurations. */

import type { Plan } from './plan.js'
import type { Purpose } from './client.js'

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

/** Switches, queue, batches and export; `docs/configuration.md` has all keys and what sets them. */
export interface ClientConfig {
  /** Off unless true, here or by `TELEMETRY_ENABLED`. */
  enabled?: boolean
  /** Whether records leave this machine; default true. */
  upload_enabled?: boolean
  /** Whether nothing is collected before the user's consent; default false. */
  require_consent?: boolean
  /** Of the privacy notice that users see; a newer one asks for consent anew. */
  notice_version?: string
  /** From channel to purpose. */
  purposes?: { [channel: string]: Purpose }
  /** Folder of the consent file and its audit trail. */
  state_dir?: string
  /** OpenTelemetry's `service.name`. */
  service_name?: string
  /** Attributes of what sends, by OpenTelemetry's names. */
  resource?: { [name: string]: string }
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
  client?: ClientConfig
}
