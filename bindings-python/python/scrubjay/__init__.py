"""Privacy-first telemetry: one engine validates and scrubs records alike in every runtime.

`Engine` is the pure part: a record in, an outcome out. `Tracker` sends records to a collector, `TelemetryRouter`
keeps them in archives on this machine, and `scrubjay.etl` makes a report of archives. A bad record is data (an
outcome with violations); a bad call is a `ScrubjayError`.
"""

from scrubjay._native import ScrubjayError
from scrubjay._native import version as _version
from scrubjay._types import (
    CatalogMetric,
    Change,
    Codes,
    Config,
    ConsentEntry,
    Decision,
    DoctorReport,
    Explanation,
    KeyPair,
    Outcome,
    PlanChange,
    PlanDiff,
    PlanFigures,
    Purpose,
    Record,
    Redaction,
    ScrubbedJson,
    ScrubbedText,
    Stamp,
    Stats,
    Status,
    TrailState,
    Unsealed,
    Violation,
)
from scrubjay.consent import Consent, doctor
from scrubjay.engine import (
    Engine,
    codes,
    metrics_catalog,
    schemas,
    seal_keypair,
    unseal,
    validate_record,
)
from scrubjay.plan import plan_check, plan_diff
from scrubjay.profiles import profile
from scrubjay.router import RouterStats, TelemetryRouter
from scrubjay.tracker import Tracker

__version__ = _version()

__all__ = [
    "CatalogMetric",
    "Change",
    "Codes",
    "Config",
    "Consent",
    "ConsentEntry",
    "Decision",
    "DoctorReport",
    "Engine",
    "Explanation",
    "KeyPair",
    "Outcome",
    "PlanChange",
    "PlanDiff",
    "PlanFigures",
    "Purpose",
    "Record",
    "Redaction",
    "RouterStats",
    "ScrubbedJson",
    "ScrubbedText",
    "ScrubjayError",
    "Stamp",
    "Stats",
    "Status",
    "TelemetryRouter",
    "Tracker",
    "TrailState",
    "Unsealed",
    "Violation",
    "__version__",
    "codes",
    "doctor",
    "metrics_catalog",
    "plan_check",
    "plan_diff",
    "profile",
    "schemas",
    "seal_keypair",
    "unseal",
    "validate_record",
]
