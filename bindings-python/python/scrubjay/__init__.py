"""Privacy-first telemetry: one engine validates and scrubs records alike in every runtime.

`Engine` is the pure part: a record in, an outcome out. `TelemetryClient` and `Tracker` send records to a collector
(`init` and `track` are those of a program with one client), `TelemetryRouter` keeps them in archives on this machine,
`scrubjay.etl` makes a report of archives, and `TelemetryService` asks a collector or its store. A bad record is data
(an outcome with violations); a bad call is a `ScrubjayError`.
"""

from typing import TYPE_CHECKING, Any

from scrubjay._default import flush, get_client, init, shutdown, span, timed, track
from scrubjay._exit import install_shutdown_hooks
from scrubjay._native import CheckedOutcome, ScrubjayError
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
    Preview,
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
from scrubjay.client import TelemetryClient
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
from scrubjay.request import RequestContext, TelemetryRecorder, TelemetryStorageException
from scrubjay.trace import Span, current_span
from scrubjay.tracker import Tracker

if TYPE_CHECKING:
    from scrubjay._replay import replay as replay
    from scrubjay.router import RouterStats as RouterStats
    from scrubjay.router import TelemetryRouter as TelemetryRouter
    from scrubjay.service import ServiceError as ServiceError
    from scrubjay.service import TelemetryService as TelemetryService

__version__ = _version()

#: Imported when first asked for: they bring the standard library's paths and HTTP client, which half of the programs
#: do not need and which take as long to import as all the rest.
_LATER = {
    "RouterStats": "scrubjay.router",
    "ServiceError": "scrubjay.service",
    "TelemetryRouter": "scrubjay.router",
    "TelemetryService": "scrubjay.service",
    "replay": "scrubjay._replay",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_LATER[name]), name)


__all__ = [
    "CatalogMetric",
    "Change",
    "CheckedOutcome",
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
    "Preview",
    "Purpose",
    "Record",
    "Redaction",
    "RequestContext",
    "RouterStats",
    "ScrubbedJson",
    "ScrubbedText",
    "ScrubjayError",
    "ServiceError",
    "Span",
    "Stamp",
    "Stats",
    "Status",
    "TelemetryClient",
    "TelemetryRecorder",
    "TelemetryRouter",
    "TelemetryService",
    "TelemetryStorageException",
    "Tracker",
    "TrailState",
    "Unsealed",
    "Violation",
    "__version__",
    "codes",
    "current_span",
    "doctor",
    "flush",
    "get_client",
    "init",
    "install_shutdown_hooks",
    "metrics_catalog",
    "plan_check",
    "plan_diff",
    "profile",
    "replay",
    "schemas",
    "seal_keypair",
    "shutdown",
    "span",
    "timed",
    "track",
    "unseal",
    "validate_record",
]
