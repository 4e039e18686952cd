"""R2's layers: a request's context, what stores traces, and the recorder that never lets trouble through.

| layer | here | does |
|---|---|---|
| module | `TraceStorage` | inserts; raises `TelemetryStorageException` |
| domain | `TelemetryRecorder` | makes a record of an intent; swallows `TelemetryStorageException` |
| application | the middleware of `scrubjay.integrations` | makes a `RequestContext`, and nobody else does |
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from scrubjay import _ambient, _native
from scrubjay._complaint import Complaint
from scrubjay._json import config_text, octets
from scrubjay._types import Config

if TYPE_CHECKING:
    from pathlib import Path

Severity: TypeAlias = Literal["debug", "info", "warning", "error", "fatal"]


class RequestContext:
    """What a middleware knows of the request that is being answered; records that are tracked meanwhile carry it."""

    __slots__ = ("ip_address", "request_id", "route_name", "user_agent")

    def __init__(
        self,
        *,
        request_id: str | None = None,
        route_name: str | Callable[[], str | None] | None = None,
        ip_address: str | None = None,
        user_agent: str | None = None,
    ) -> None:
        self.request_id = request_id
        self.route_name = route_name
        """The route's pattern, never the path, which names people and things; or what finds it, once it is known."""
        self.ip_address = ip_address
        self.user_agent = user_agent

    def members(self) -> dict[str, Any]:
        """What is known, as members of a record's context."""
        route = self.route_name() if callable(self.route_name) else self.route_name
        known = {
            "request_id": self.request_id,
            "route_name": route,
            "ip_address": self.ip_address,
            "user_agent": self.user_agent,
        }
        return {name: value for name, value in known.items() if value}


def current_request() -> RequestContext | None:
    """The request that is being answered here."""
    return _ambient.current().request


def enter_request(request: RequestContext) -> contextvars.Token[_ambient.Ambient]:
    """Lets records from here on carry the request's context; what it returns goes to `leave_request`."""
    return _ambient.enter(_ambient.Ambient(_ambient.current().span, request))


def leave_request(token: contextvars.Token[_ambient.Ambient]) -> None:
    """The request is answered."""
    _ambient.leave(token)


class TelemetryStorageException(Exception):  # noqa: N818 - R2's name for it
    """A trace was not stored. Raised by the storage alone; the recorder lets it go no further."""


class Storage(Protocol):
    """The module layer: stores and nothing else."""

    def insert(self, record: Mapping[str, Any]) -> None:
        """Stores one trace. Raises `TelemetryStorageException`."""
        ...


class TraceStorage:
    """Inserts traces into a store's folder on this machine. Each is on disk when `insert` returns."""

    def __init__(self, folder: str | Path, config: Config = None, *, tenant_id: str = "default") -> None:
        self._store = _native.Store(str(folder))
        self._engine = _native.Engine(config_text(config))
        self._tenant = tenant_id

    def insert(self, record: Mapping[str, Any]) -> None:
        """Stores one trace. Raises `TelemetryStorageException` where the engine or the disk refuses it."""
        try:
            verdict = self._store.ingest(self._engine, self._tenant, "record", octets(record))
        # Whatever it is, it is a failure to store; messages of the core quote no value.
        except Exception as error:
            raise TelemetryStorageException(str(error)) from None
        if '"status":"accepted"' not in verdict:
            raise TelemetryStorageException("the record is not a valid trace: see scrubjay validate")

    def close(self) -> None:
        """Lets the store go."""
        self._store.close()


class TrackerStorage:
    """Hands traces to a tracker, and so to a collector. Not storing because collection is off is no failure."""

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker

    def insert(self, record: Mapping[str, Any]) -> None:
        """Captures one trace. Raises `TelemetryStorageException` where it could not be captured."""
        if not self._tracker.track_record(record) and not self._tracker.is_off():
            raise TelemetryStorageException("the record was not captured: see stats()")


class TelemetryRecorder:
    """Records what happened (R2, R3). Best effort: what cannot be stored is counted, and said once."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._failed = Complaint("a trace was not stored")

    @property
    def failed(self) -> int:
        """Traces that were not stored."""
        return self._failed.count

    def record(
        self,
        event_key: str,
        severity: Severity = "info",
        *,
        actor_type: str | None = None,
        actor_id: str | int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Records that `event_key`, in dot notation, happened. Never raises.

        Where a middleware answers a request, the trace carries what it knows of it.
        """
        record: dict[str, Any] = {"schema": "telemetry_trace_v1", "event_key": event_key, "severity": severity}
        others = {"actor_type": actor_type, "actor_id": actor_id, "metadata": metadata}
        record.update((name, value) for name, value in others.items() if value is not None)
        try:
            ambient = _ambient.current()
            if ambient.request is not None:
                record.update(ambient.request.members())
            if ambient.span is not None:
                record["context"] = {"trace_id": ambient.span.trace_id, "span_id": ambient.span.span_id}
            self._storage.insert(record)
        except TelemetryStorageException as error:
            self._failed.add(str(error))
        except Exception as error:
            # Of a storage that does not keep to its layer; telemetry must not break what it watches.
            self._failed.add(type(error).__name__)
