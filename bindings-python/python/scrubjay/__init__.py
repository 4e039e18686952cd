"""Privacy-first telemetry: one engine validates and scrubs records alike in every runtime.

`Engine` is the pure part: a record in, an outcome out. `Tracker` sends records to a collector, `TelemetryRouter`
keeps them in archives on this machine, and `scrubjay.etl` makes a report of archives. A bad record is data (an
outcome with violations); a bad call is a `ScrubjayError`.
"""

from scrubjay._native import ScrubjayError
from scrubjay._native import version as _version
from scrubjay._types import (
    CatalogMetric,
    Codes,
    Config,
    Decision,
    Explanation,
    KeyPair,
    Outcome,
    PlanChange,
    PlanDiff,
    PlanFigures,
    Record,
    Redaction,
    ScrubbedJson,
    ScrubbedText,
    Stamp,
    Stats,
    Unsealed,
    Violation,
)
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
from scrubjay.router import RouterStats, TelemetryRouter
from scrubjay.tracker import Tracker

__version__ = _version()

__all__ = [
    "CatalogMetric",
    "Codes",
    "Config",
    "Decision",
    "Engine",
    "Explanation",
    "KeyPair",
    "Outcome",
    "PlanChange",
    "PlanDiff",
    "PlanFigures",
    "Record",
    "Redaction",
    "RouterStats",
    "ScrubbedJson",
    "ScrubbedText",
    "ScrubjayError",
    "Stamp",
    "Stats",
    "TelemetryRouter",
    "Tracker",
    "Unsealed",
    "Violation",
    "__version__",
    "codes",
    "metrics_catalog",
    "plan_check",
    "plan_diff",
    "schemas",
    "seal_keypair",
    "unseal",
    "validate_record",
]
