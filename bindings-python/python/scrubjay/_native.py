"""The one place that loads the native library, and says what to do where it cannot be loaded."""

from collections.abc import Mapping

try:
    from scrubjay._scrubjay import (
        Archiver,
        ArrowStream,
        CheckedOutcome,
        Client,
        Consent,
        Engine,
        Report,
        ScrubjayError,
        Store,
        Tickets,
        ambient_enter,
        ambient_is_open,
        ambient_leave,
        codes,
        doctor,
        etl,
        fail_for_test,
        metrics_catalog,
        new_traceparent,
        panic_for_test,
        plan_check,
        plan_diff,
        profile,
        read_traceparent,
        report_page,
        sample,
        schemas,
        seal_keypair,
        spool_inspect,
        spool_purge,
        spool_records,
        to_parquet,
        unseal,
        version,
    )
except ImportError as error:
    import platform
    import sys

    raise ImportError(
        f"scrubjay's native library is missing or cannot be loaded on {platform.system()} {platform.machine()} with "
        f"{platform.python_implementation()} {platform.python_version()}, executable {sys.executable}: {error}. "
        "There are wheels for CPython 3.10 and later: `pip install --force-reinstall scrubjay`. From a source tree, "
        "or where there is no wheel for this platform, install Rust and run `pip install ./bindings-python`.",
        name="scrubjay._scrubjay",
    ) from error

# It reads like a dict, and is none: it has its members when somebody asks for them.
Mapping.register(CheckedOutcome)

__all__ = [
    "Archiver",
    "ArrowStream",
    "CheckedOutcome",
    "Client",
    "Consent",
    "Engine",
    "Report",
    "ScrubjayError",
    "Store",
    "Tickets",
    "ambient_enter",
    "ambient_is_open",
    "ambient_leave",
    "codes",
    "doctor",
    "etl",
    "fail_for_test",
    "metrics_catalog",
    "new_traceparent",
    "panic_for_test",
    "plan_check",
    "plan_diff",
    "profile",
    "read_traceparent",
    "report_page",
    "sample",
    "schemas",
    "seal_keypair",
    "spool_inspect",
    "spool_purge",
    "spool_records",
    "to_parquet",
    "unseal",
    "version",
]
