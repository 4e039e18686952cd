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
from scrubjay.client import TelemetryClient
from scrubjay.consent import Consent, doctor
from scrubjay.trace import Span, current_span
from scrubjay.tracker import Tracker

if TYPE_CHECKING:
    from scrubjay._replay import replay
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
    from scrubjay.engine import Engine, codes, metrics_catalog, schemas, seal_keypair, unseal, validate_record
    from scrubjay.plan import plan_check, plan_diff
    from scrubjay.profiles import profile
    from scrubjay.request import RequestContext, TelemetryRecorder, TelemetryStorageException
    from scrubjay.router import RouterStats, TelemetryRouter
    from scrubjay.service import ServiceError, TelemetryService

__version__ = _version()

#: Imported when first asked for. A program that only tracks needs none of it, and it takes as long to import as the
#: rest: classes that are shapes for type checkers, and the standard library's paths and HTTP client.
_LATER = {
    "scrubjay._replay": "replay",
    "scrubjay._types": (
        "CatalogMetric Change Codes Config ConsentEntry Decision DoctorReport Explanation KeyPair Outcome "
        "PlanChange PlanDiff PlanFigures Preview Purpose Record Redaction ScrubbedJson ScrubbedText Stamp "
        "Stats Status TrailState Unsealed Violation"
    ),
    "scrubjay.engine": "Engine codes metrics_catalog schemas seal_keypair unseal validate_record",
    "scrubjay.plan": "plan_check plan_diff",
    "scrubjay.profiles": "profile",
    "scrubjay.request": "RequestContext TelemetryRecorder TelemetryStorageException",
    "scrubjay.router": "RouterStats TelemetryRouter",
    "scrubjay.service": "ServiceError TelemetryService",
}


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names.split():
            import importlib

            found = globals()[name] = getattr(importlib.import_module(module), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
