"""The native part of the package: values and text in, text out. Use the classes of `scrubjay` instead."""

from collections.abc import Callable
from typing import final

__all__ = [
    "Client",
    "Engine",
    "Report",
    "ScrubjayError",
    "codes",
    "fail_for_test",
    "metrics_catalog",
    "panic_for_test",
    "plan_check",
    "plan_diff",
    "sample",
    "schemas",
    "seal_keypair",
    "unseal",
    "version",
]

class ScrubjayError(Exception):
    """A bad call. A bad record is never an error: it comes back as an outcome with violations."""

    code: str
    """Stable code, such as `config_unknown_key`; `scrubjay.codes()["errors"]` lists them all."""
    path: str
    """JSON Pointer to the place in the configuration or argument, or empty."""
    message: str
    """What is wrong there and how to mend it; quotes no value."""

def version() -> str: ...
def codes() -> str: ...
def schemas() -> str: ...
def metrics_catalog() -> str: ...
def sample(config: str, record: str) -> str: ...
def unseal(secret_key: str, text: str) -> str: ...
def seal_keypair() -> str: ...
def fail_for_test(code: str) -> str: ...
def panic_for_test() -> str: ...
def plan_check(plan: str) -> str: ...
def plan_diff(old: str, new: str) -> str: ...

@final
class Engine:
    def __new__(cls, config: str = "{}") -> Engine: ...
    def process(self, record: bytes | str, stamp: str | None = None) -> str: ...
    def process_captured(self, record: object, plain: Callable[[object], object], stamp: str | None = None) -> str: ...
    def process_now(self, record: bytes | str) -> str: ...
    def explain(self, record: bytes | str, stamp: str | None = None) -> str: ...
    def scrub_text(self, text: str) -> str: ...
    def scrub_json(self, document: bytes | str) -> str: ...

@final
class Client:
    def __new__(
        cls, config: str, plain: Callable[[object], object], refused: Callable[[Exception], object]
    ) -> Client: ...
    def track(
        self,
        channel: object,
        event: object,
        payload: object = None,
        *,
        user_id: object = None,
        session_id: object = None,
        tenant_id: object = None,
        context: object = None,
        timestamp: object = None,
    ) -> bool: ...
    def track_checked(
        self,
        channel: object,
        event: object,
        payload: object = None,
        *,
        user_id: object = None,
        session_id: object = None,
        tenant_id: object = None,
        context: object = None,
        timestamp: object = None,
    ) -> str | None: ...
    def track_record(self, record: object) -> bool: ...
    def flush(self, timeout_ms: int) -> bool: ...
    def shutdown(self, timeout_ms: int) -> bool: ...
    def stats(self) -> str: ...

@final
class Report:
    def __new__(cls, config: str = "{}") -> Report: ...
    def add(self, lines: bytes | str) -> str: ...
    def to_json(self) -> str: ...
