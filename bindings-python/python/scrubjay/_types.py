"""The shapes of what the engine answers, for type checkers; the texts themselves come from the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired

Record: TypeAlias = Mapping[str, Any] | str | bytes
"""One record: a mapping, or its JSON text."""

Config: TypeAlias = Mapping[str, Any] | str | None
"""A configuration: a mapping, its JSON text, or nothing for the defaults."""


class Violation(TypedDict):
    """One way in which a record breaks its schema."""

    path: str
    """JSON Pointer (RFC 6901) to the place."""
    code: str
    """Stable code; `codes()["violations"]` lists them all."""
    message: str
    """What is expected there; never quotes the value."""


class Redaction(TypedDict):
    """One thing that scrubbing changed."""

    path: str
    """JSON Pointer to the string that was changed."""
    rule: str
    """The rule that matched, such as `email`."""
    action: str
    """What it did: `replace`, `remove`, `mask`, `hash`, `truncate` or `seal`."""


class Outcome(TypedDict):
    """The engine's answer for one record."""

    status: Literal["accepted", "rejected", "dropped"]
    id: str | None
    violations: list[Violation]
    redactions: list[Redaction]
    record: dict[str, Any] | None
    """The scrubbed canonical record, or nothing where it could not be read."""


class Decision(TypedDict):
    """What was decided about one kind of finding at one place."""

    path: str
    """JSON Pointer into the record as it was written."""
    rule: str
    """The rule that found something there; never the value."""
    action: str
    """What was done; `keep` where nothing was."""
    reason: str
    """Why; `codes()["reasons"]` lists them all."""


class Explanation(TypedDict):
    """Why scrubbing did what it did to one record."""

    status: Literal["accepted", "rejected", "dropped"]
    violations: list[Violation]
    decisions: list[Decision]
    """What was changed and what was kept, in document order."""


class Unsealed(TypedDict):
    """A text whose sealed values were opened."""

    opened: int
    failed: int
    """Boxes of another key; they stay."""
    text: str


class KeyPair(TypedDict):
    """Keys of sealed values, in base64url."""

    public_key: str
    """For the configuration, `privacy.seal.public_key`."""
    secret_key: str
    """For whoever may open what is sealed."""


class ScrubbedText(TypedDict):
    """Free text after scrubbing."""

    redactions: list[Redaction]
    text: str


class ScrubbedJson(TypedDict):
    """A JSON document after scrubbing; `json` is `None` where it could not be read."""

    violations: list[Violation]
    redactions: list[Redaction]
    json: Any


class Stamp(TypedDict):
    """What fills an absent timestamp and id."""

    now: str
    """RFC 3339 with an offset."""
    random: str
    """20 hex digits."""


class CatalogMetric(TypedDict):
    """A metric of the catalog."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    unit: str
    description: str


class Codes(TypedDict):
    """Every stable word of the engine."""

    statuses: list[str]
    violations: list[str]
    errors: list[str]
    actions: list[str]
    rules: list[str]
    reasons: list[str]


class PlanFigures(TypedDict):
    """What a tracking plan holds."""

    version: str | None
    unplanned: Literal["allow", "reject"]
    """What becomes of events that the plan does not name."""
    events: int
    fields: int
    pii: dict[str, int]
    """Fields by action: `remove replace mask hash keep`."""


class PlanChange(TypedDict):
    """One difference between two tracking plans."""

    path: str
    """JSON Pointer into the plans."""
    kind: Literal["added", "removed", "tightened", "loosened", "changed"]
    breaking: bool
    """Whether the new plan rejects or loses what the old one accepted."""
    reason: str


class PlanDiff(TypedDict):
    """What a change of a tracking plan means for who follows the old one."""

    old_version: str | None
    new_version: str | None
    breaking: bool
    changes: list[PlanChange]


Purpose: TypeAlias = Literal["diagnostics", "performance", "analytics"]
"""What records are collected for. Consent is given to each apart."""


class Grant(TypedDict):
    """What the user said about one purpose."""

    granted: bool
    at: str
    """RFC 3339."""
    notice_version: str | None
    source: str


class PurposeStatus(TypedDict):
    """One purpose: whether its records are collected, and what the user said."""

    collected: bool
    grant: Grant | None


class ConsentStatus(TypedDict):
    """What the user's consent file says."""

    state: Literal["absent", "given", "unreadable"]
    reason: str | None
    notice_version: str | None
    """The notice that users see now."""
    required: bool
    purposes: dict[Purpose, PurposeStatus]


class ConfigValue(TypedDict):
    """One value and who decided it."""

    key: str
    value: NotRequired[Any]
    is_set: NotRequired[bool]
    """In place of the value where that is a secret."""
    source: Literal["code", "environment", "file", "default"]
    variable: str | None
    """The variable of the environment that decided."""
    unit: str


class Deletions(TypedDict):
    """What the user wants deleted at the collector."""

    pending: int | None
    """How many wishes wait for the collector; unknown where the file that keeps them cannot be read."""
    last_error: str | None
    """Why the latest try of this process came to nothing."""


class Status(TypedDict):
    """What holds for a client and who decided it."""

    version: str
    enabled: bool
    disabled_by: str | None
    upload_enabled: bool
    config_file: str | None
    state_dir: str | None
    consent: ConsentStatus
    deletions: Deletions
    values: list[ConfigValue]
    warnings: list[str]


class ChangedKey(TypedDict):
    """A key whose value changed."""

    key: str
    source: str


class Change(TypedDict):
    """What listeners are told."""

    kind: Literal["consent", "config", "warning"]
    enabled: NotRequired[bool]
    disabled_by: NotRequired[str | None]
    changed: NotRequired[list[ChangedKey]]
    message: NotRequired[str]


class ConsentEntry(TypedDict):
    """One entry of the audit trail."""

    seq: int
    at: str
    event: Literal["granted", "withdrawn", "erased", "enabled_by_operator", "deletion_requested", "deletion_confirmed"]
    purposes: list[Purpose]
    notice_version: str | None
    source: str
    service: str | None
    previous: str
    hash: str


class TrailState(TypedDict):
    """What a check of the whole audit trail found."""

    entries: int
    head: str
    broken_at: int | None
    keyed: int
    """How many entries have an HMAC, which needs the key of the trail."""
    proved_up_to: int | None
    """The last of those, where the key is at hand: it proves itself and all before it."""
    """The first entry that is missing or not as it was written."""


class DoctorCheck(TypedDict):
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warning", "failed", "skipped"]
    message: str
    advice: str | None


class DoctorReport(TypedDict):
    """What the doctor found."""

    ok: bool
    checks: list[DoctorCheck]


class Preview(TypedDict):
    """One request that is not made yet."""

    to: str
    headers: dict[str, str]
    """Those that may be secret are `…`."""
    records: int
    body: str
    """What is read after decompression."""
    body_encoding: Literal["utf-8", "base64"]
    bytes: int
    """The size of what travels."""


class Stats(TypedDict):
    """The client's books: `accepted == delivered + pending + sum(dropped.values())`."""

    enabled: bool
    disabled_by: str | None
    """The switch that keeps collection off."""
    accepted: int
    """What `track` captured."""
    delivered: int
    pending: int
    spooled: int
    """Of what is pending, what waits on the disk."""
    recovered: int
    """Of what was accepted, what earlier processes left on the disk."""
    dropped: dict[str, int]
    """By reason: `queue_full sampled invalid rejected export_failed too_large shutdown expired spool_full corrupt
    consent`."""
    not_captured: int
    """What `track` answered with `False`: collection is off or closed, or the record could not be written as JSON."""
    violations: dict[str, int]
    """By code."""
    redactions: dict[str, int]
    """By rule."""
    requests: int
    retries: int
    last_error: str | None
    spool_error: str | None
    """Why records wait in memory although there is a spool."""
