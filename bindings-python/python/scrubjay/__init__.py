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
    Violation,
)
from scrubjay.engine import Engine, codes, metrics_catalog, schemas, validate_record
from scrubjay.plan import plan_check, plan_diff
from scrubjay.router import RouterStats, TelemetryRouter
from scrubjay.tracker import Tracker

__version__ = _version()

__all__ = [
    "CatalogMetric",
    "Codes",
    "Config",
    "Engine",
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
    "Violation",
    "__version__",
    "codes",
    "metrics_catalog",
    "plan_check",
    "plan_diff",
    "schemas",
    "validate_record",
]
