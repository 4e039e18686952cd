//! What each step does.

/// Steps of `meta.db`. Append only: a released step is never edited.
pub(in crate::store) const META: &[&str] = &[
    "
    CREATE TABLE telemetry_consents (
        seq            INTEGER PRIMARY KEY,
        at             INTEGER NOT NULL,
        tenant         TEXT NOT NULL,
        user_id        TEXT NOT NULL,
        purpose        TEXT NOT NULL,
        granted        INTEGER NOT NULL,
        notice_version TEXT NOT NULL,
        source         TEXT NOT NULL
    ) STRICT;
    CREATE INDEX telemetry_consents_user ON telemetry_consents (tenant, user_id, purpose, seq);
    CREATE TRIGGER telemetry_consents_append_only BEFORE UPDATE ON telemetry_consents
        BEGIN SELECT RAISE(ABORT, 'consents are appended, never edited'); END;

    CREATE TABLE telemetry_audit (
        seq     INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        tenant  TEXT NOT NULL,
        actor   TEXT NOT NULL,
        action  TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail  TEXT NOT NULL,
        hash    BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER telemetry_audit_no_update BEFORE UPDATE ON telemetry_audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    CREATE TRIGGER telemetry_audit_no_delete BEFORE DELETE ON telemetry_audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
",
    "
    -- What was asked to be erased. `pending` has the ids as records hold them until no record does.
    CREATE TABLE telemetry_deletions (
        seq          INTEGER PRIMARY KEY,
        request_id   TEXT NOT NULL UNIQUE,
        tenant       TEXT NOT NULL,
        subject      TEXT NOT NULL,
        actor        TEXT NOT NULL,
        source       TEXT NOT NULL,
        requested_at INTEGER NOT NULL,
        pending      TEXT,
        records      INTEGER NOT NULL DEFAULT 0,
        completed_at INTEGER,
        audit_seq    INTEGER
    ) STRICT;
    CREATE INDEX telemetry_deletions_tenant ON telemetry_deletions (tenant, seq);

    -- Records of these users that are not newer are refused, however late they come.
    CREATE TABLE telemetry_tombstones (
        tenant  TEXT NOT NULL,
        subject TEXT NOT NULL,
        at      INTEGER NOT NULL,
        refused INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (tenant, subject)
    ) STRICT, WITHOUT ROWID;

    -- Where records with impossible stamps were put, so that one that comes again falls on itself.
    CREATE TABLE telemetry_clamped (
        tenant TEXT NOT NULL,
        id     BLOB NOT NULL,
        ts     INTEGER NOT NULL,
        PRIMARY KEY (tenant, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_clamped_ts ON telemetry_clamped (ts);

    CREATE TABLE telemetry_api_keys (
        id         TEXT NOT NULL PRIMARY KEY,
        tenant     TEXT NOT NULL,
        name       TEXT NOT NULL,
        roles      TEXT NOT NULL,
        hash       BLOB NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_api_keys_tenant ON telemetry_api_keys (tenant, created_at);

    -- What only this store knows, such as the salt of subjects.
    CREATE TABLE telemetry_settings (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
];

/// Steps of `events/YYYY-MM-DD.db`. Append only: a released step is never edited.
///
/// The clustered key keeps one series together in time order and makes a repeated record fall on itself. It
/// holds the id last, so a repeated id is recognised under the same name and time. `telemetry_totals` counts
/// rows of all three tables as they come and go, so that statistics need not read the day. `telemetry_due` names what must still be
/// done to the file after a commit, so that an erasure which was interrupted is finished by the next. Step 2 brought the
/// record kinds beside events. Step 3 names tenants, series and users once a file and numbers them, which halves the
/// rows and their indexes; see [`table`](super::super::table) for what a row still says. Records of earlier steps stay whole.
///
/// R3's indexes: `idx_created_at` is the day's file and `telemetry_traces_time`, `idx_event_key` the clustered key,
/// `idx_actor` is `telemetry_traces_actor`, `idx_request` is `telemetry_traces_request`.
pub(in crate::store) const DAY: &[&str] = &[
    "
    CREATE TABLE telemetry_events (
        tenant      TEXT NOT NULL,
        name        TEXT NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        channel     TEXT NOT NULL,
        event       TEXT NOT NULL,
        user_id     TEXT,
        session_id  TEXT,
        trace_id    TEXT,
        sample_rate REAL,
        record      TEXT NOT NULL,
        PRIMARY KEY (tenant, name, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_events_user ON telemetry_events (tenant, user_id) WHERE user_id IS NOT NULL;

    CREATE TABLE telemetry_totals (
        tenant  TEXT NOT NULL PRIMARY KEY,
        records INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE telemetry_due (task TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE telemetry_events ADD COLUMN schema TEXT NOT NULL DEFAULT 'telemetry_event_v1';

    CREATE TABLE telemetry_traces (
        tenant      TEXT NOT NULL,
        name        TEXT NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        schema      TEXT NOT NULL,
        channel     TEXT NOT NULL,
        event       TEXT NOT NULL,
        user_id     TEXT,
        session_id  TEXT,
        trace_id    TEXT,
        sample_rate REAL,
        actor_id    TEXT,
        record      TEXT NOT NULL,
        PRIMARY KEY (tenant, name, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_traces_user ON telemetry_traces (tenant, user_id) WHERE user_id IS NOT NULL;
    CREATE INDEX telemetry_traces_actor ON telemetry_traces (tenant, actor_id) WHERE actor_id IS NOT NULL;

    CREATE TABLE telemetry_metrics (
        tenant      TEXT NOT NULL,
        name        TEXT NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        schema      TEXT NOT NULL,
        channel     TEXT NOT NULL,
        event       TEXT NOT NULL,
        user_id     TEXT,
        session_id  TEXT,
        trace_id    TEXT,
        sample_rate REAL,
        record      TEXT NOT NULL,
        PRIMARY KEY (tenant, name, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_metrics_user ON telemetry_metrics (tenant, user_id) WHERE user_id IS NOT NULL;
",
    "
    DROP INDEX telemetry_events_user;
    DROP INDEX telemetry_traces_user;
    DROP INDEX telemetry_traces_actor;
    DROP INDEX telemetry_metrics_user;
    ALTER TABLE telemetry_events RENAME TO old_events;
    ALTER TABLE telemetry_traces RENAME TO old_traces;
    ALTER TABLE telemetry_metrics RENAME TO old_metrics;

    CREATE TABLE telemetry_tenants (tenant INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE telemetry_series (
        series  INTEGER PRIMARY KEY,
        tenant  INTEGER NOT NULL,
        schema  TEXT NOT NULL,
        channel TEXT NOT NULL,
        event   TEXT NOT NULL,
        UNIQUE (tenant, schema, channel, event)
    ) STRICT;
    CREATE TABLE telemetry_users (
        user    INTEGER PRIMARY KEY,
        tenant  INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        UNIQUE (tenant, user_id)
    ) STRICT;

    CREATE TABLE telemetry_events (
        series      INTEGER NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        tenant      INTEGER NOT NULL,
        user        INTEGER,
        session_id  TEXT,
        trace_id    BLOB,
        sample_rate REAL,
        form        INTEGER NOT NULL,
        context     TEXT,
        record      TEXT NOT NULL,
        PRIMARY KEY (series, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_events_time ON telemetry_events (tenant, ts, id);
    CREATE INDEX telemetry_events_user ON telemetry_events (user) WHERE user IS NOT NULL;
    CREATE INDEX telemetry_events_trace ON telemetry_events (trace_id) WHERE trace_id IS NOT NULL;

    CREATE TABLE telemetry_metrics (
        series      INTEGER NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        tenant      INTEGER NOT NULL,
        user        INTEGER,
        session_id  TEXT,
        trace_id    BLOB,
        sample_rate REAL,
        form        INTEGER NOT NULL,
        context     TEXT,
        record      TEXT NOT NULL,
        PRIMARY KEY (series, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_metrics_time ON telemetry_metrics (tenant, ts, id);
    CREATE INDEX telemetry_metrics_user ON telemetry_metrics (user) WHERE user IS NOT NULL;
    CREATE INDEX telemetry_metrics_trace ON telemetry_metrics (trace_id) WHERE trace_id IS NOT NULL;

    CREATE TABLE telemetry_logs (
        series      INTEGER NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        tenant      INTEGER NOT NULL,
        user        INTEGER,
        session_id  TEXT,
        trace_id    BLOB,
        sample_rate REAL,
        form        INTEGER NOT NULL,
        context     TEXT,
        record      TEXT NOT NULL,
        PRIMARY KEY (series, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_logs_time ON telemetry_logs (tenant, ts, id);
    CREATE INDEX telemetry_logs_user ON telemetry_logs (user) WHERE user IS NOT NULL;
    CREATE INDEX telemetry_logs_trace ON telemetry_logs (trace_id) WHERE trace_id IS NOT NULL;

    CREATE TABLE telemetry_traces (
        series      INTEGER NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        tenant      INTEGER NOT NULL,
        user        INTEGER,
        session_id  TEXT,
        trace_id    BLOB,
        sample_rate REAL,
        form        INTEGER NOT NULL,
        context     TEXT,
        record      TEXT NOT NULL,
        actor       INTEGER,
        request_id  TEXT,
        PRIMARY KEY (series, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_traces_time ON telemetry_traces (tenant, ts, id);
    CREATE INDEX telemetry_traces_user ON telemetry_traces (user) WHERE user IS NOT NULL;
    CREATE INDEX telemetry_traces_trace ON telemetry_traces (trace_id) WHERE trace_id IS NOT NULL;
    CREATE INDEX telemetry_traces_actor ON telemetry_traces (actor) WHERE actor IS NOT NULL;
    CREATE INDEX telemetry_traces_request ON telemetry_traces (request_id) WHERE request_id IS NOT NULL;

    CREATE TEMP VIEW old AS
        SELECT *, NULL AS actor_id, 'events' AS place FROM
            (SELECT tenant, ts, id, channel, event, user_id, session_id, trace_id, sample_rate, record, schema
             FROM old_events WHERE schema <> 'telemetry_log_v1')
        UNION ALL SELECT *, NULL, 'logs' FROM
            (SELECT tenant, ts, id, channel, event, user_id, session_id, trace_id, sample_rate, record, schema
             FROM old_events WHERE schema = 'telemetry_log_v1')
        UNION ALL SELECT tenant, ts, id, channel, event, user_id, session_id, trace_id, sample_rate, record, schema,
             NULL, 'metrics' FROM old_metrics
        UNION ALL SELECT tenant, ts, id, channel, event, user_id, session_id, trace_id, sample_rate, record, schema,
             actor_id, 'traces' FROM old_traces;
    INSERT INTO telemetry_tenants (name) SELECT DISTINCT tenant FROM old;
    INSERT INTO telemetry_series (tenant, schema, channel, event)
        SELECT DISTINCT t.tenant, o.schema, o.channel, o.event FROM old o JOIN telemetry_tenants t ON t.name = o.tenant;
    INSERT INTO telemetry_users (tenant, user_id)
        SELECT t.tenant, o.user_id FROM old o JOIN telemetry_tenants t ON t.name = o.tenant WHERE o.user_id IS NOT NULL
        UNION
        SELECT t.tenant, o.actor_id FROM old o JOIN telemetry_tenants t ON t.name = o.tenant WHERE o.actor_id IS NOT NULL;
    INSERT INTO telemetry_events (series, ts, id, tenant, user, session_id, trace_id, sample_rate, form, record)
        SELECT s.series, o.ts, o.id, t.tenant, u.user, o.session_id, unhex(o.trace_id), o.sample_rate, 4, o.record
        FROM old o JOIN telemetry_tenants t ON t.name = o.tenant
        JOIN telemetry_series s ON s.tenant = t.tenant AND s.schema = o.schema AND s.channel = o.channel
            AND s.event = o.event
        LEFT JOIN telemetry_users u ON u.tenant = t.tenant AND u.user_id = o.user_id
        WHERE o.place = 'events';
    INSERT INTO telemetry_metrics (series, ts, id, tenant, user, session_id, trace_id, sample_rate, form, record)
        SELECT s.series, o.ts, o.id, t.tenant, u.user, o.session_id, unhex(o.trace_id), o.sample_rate, 4, o.record
        FROM old o JOIN telemetry_tenants t ON t.name = o.tenant
        JOIN telemetry_series s ON s.tenant = t.tenant AND s.schema = o.schema AND s.channel = o.channel
            AND s.event = o.event
        LEFT JOIN telemetry_users u ON u.tenant = t.tenant AND u.user_id = o.user_id
        WHERE o.place = 'metrics';
    INSERT INTO telemetry_logs (series, ts, id, tenant, user, session_id, trace_id, sample_rate, form, record)
        SELECT s.series, o.ts, o.id, t.tenant, u.user, o.session_id, unhex(o.trace_id), o.sample_rate, 4, o.record
        FROM old o JOIN telemetry_tenants t ON t.name = o.tenant
        JOIN telemetry_series s ON s.tenant = t.tenant AND s.schema = o.schema AND s.channel = o.channel
            AND s.event = o.event
        LEFT JOIN telemetry_users u ON u.tenant = t.tenant AND u.user_id = o.user_id
        WHERE o.place = 'logs';
    INSERT INTO telemetry_traces (series, ts, id, tenant, user, session_id, trace_id, sample_rate, form, record, actor, request_id)
        SELECT s.series, o.ts, o.id, t.tenant, u.user, o.session_id, unhex(o.trace_id), o.sample_rate, 4, o.record, a.user, o.record ->> '$.request_id'
        FROM old o JOIN telemetry_tenants t ON t.name = o.tenant
        JOIN telemetry_series s ON s.tenant = t.tenant AND s.schema = o.schema AND s.channel = o.channel
            AND s.event = o.event
        LEFT JOIN telemetry_users u ON u.tenant = t.tenant AND u.user_id = o.user_id
        LEFT JOIN telemetry_users a ON a.tenant = t.tenant AND a.user_id = o.actor_id
        WHERE o.place = 'traces';
    DROP VIEW old;
    DROP TABLE old_events;
    DROP TABLE old_traces;
    DROP TABLE old_metrics;
",
];
