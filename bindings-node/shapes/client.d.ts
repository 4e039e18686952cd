/** What a client says of itself, and what a user says to it. */

/** What keeps collection off. */
export type DisabledBy =
  'DO_NOT_TRACK' | 'OTEL_SDK_DISABLED' | 'TELEMETRY_ENABLED' | 'configuration' | 'consent' | 'notice_version' |
  'consent_unreadable'

/** What records are collected for. Consent is given to each apart. */
export type Purpose = 'diagnostics' | 'performance' | 'analytics'

/** What a user says. */
export interface ConsentWord {
  /** Absent means all. */
  purposes?: Purpose[]
  /** Where it was said, such as `settings`. */
  source: string
}

/** What a user agrees to. */
export interface ConsentGrant extends ConsentWord {
  /** Of the privacy notice that was shown; by default the configured one. */
  noticeVersion?: string
}

/** What a user wants deleted at the collector. */
export interface DeletionWish {
  /** As the application uses it in records. */
  userId: string
  /** That of the user's records, if any. */
  tenantId?: string
  /** Where the user asked, such as `settings`. */
  source: string
}

/** One entry of the audit trail. */
export interface ConsentEntry {
  seq: number
  at: string
  event: 'granted' | 'withdrawn' | 'erased' | 'enabled_by_operator' | 'deletion_requested' | 'deletion_confirmed'
  purposes: Purpose[]
  notice_version: string | null
  source: string
  service: string | null
  previous: string
  hash: string
}

/** What a check of the whole audit trail found. */
export interface TrailState {
  entries: number
  head: string
  /** The first entry that is missing or not as it was written. */
  broken_at: number | null
}

/** What a check of the whole trail of the user's consent found. */
export interface ConsentTrailState extends TrailState {
  /** How many entries have an HMAC, which needs the key of the trail. */
  keyed: number
  /** The last of those, where the key is at hand: it proves itself and all before it. */
  proved_up_to: number | null
}

/** What the user said about one purpose. */
export interface Grant {
  granted: boolean
  at: string
  notice_version: string | null
  source: string
}

/** One value and who decided it. */
export interface ConfigValue {
  key: string
  value?: unknown
  /** In place of the value where that is a secret. */
  is_set?: boolean
  source: 'code' | 'environment' | 'file' | 'default'
  /** The variable of the environment that decided. */
  variable: string | null
  unit: string
}

/** What holds for a client and who decided it. */
export interface ClientStatus {
  version: string
  enabled: boolean
  disabled_by: null | DisabledBy
  upload_enabled: boolean
  config_file: string | null
  state_dir: string | null
  consent: {
    state: 'absent' | 'given' | 'unreadable'
    reason: string | null
    notice_version: string | null
    required: boolean
    purposes: { [purpose in Purpose]: { collected: boolean, grant: Grant | null } }
  }
  /** What the user wants deleted: how many wishes wait (unknown where their file cannot be read), and why. */
  deletions: { pending: number | null, last_error: string | null }
  values: ConfigValue[]
  warnings: string[]
}

/** A key whose value changed. */
export interface ChangedKey {
  key: string
  source: string
}

/** What listeners are told. */
export type ClientChange =
  | { kind: 'consent' | 'config', enabled: boolean, disabled_by: null | DisabledBy, changed: ChangedKey[] }
  | { kind: 'warning', message: string }

/** What the doctor found. */
export interface DoctorReport {
  ok: boolean
  checks: Array<{ name: string, state: 'ok' | 'warning' | 'failed' | 'skipped', message: string, advice: string | null }>
}

/** The books: accepted = delivered + pending + the sum of dropped. */
export interface ClientStats {
  enabled: boolean
  disabled_by: null | DisabledBy
  accepted: number
  delivered: number
  pending: number
  /** Of what is pending, what waits on the disk. */
  spooled: number
  /** Of what was accepted, what earlier processes left on the disk. */
  recovered: number
  dropped: {
    queue_full: number
    sampled: number
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
