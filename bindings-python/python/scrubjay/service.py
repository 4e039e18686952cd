"""`TelemetryService` (R1): questions about what a collector has stored, asked of its folder or of itself."""

from __future__ import annotations

import datetime
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

from scrubjay import _native
from scrubjay._native import ScrubjayError
from scrubjay._types import Record
from scrubjay.engine import Engine
from scrubjay.tables import Rows, flat

Aggregation: TypeAlias = Literal["count", "sum", "avg", "min", "max", "p50", "p95", "p99"]

#: What a store calls the records of an application that has only itself.
DEFAULT_TENANT: Final = "default"
#: Records asked for at once: the most that a page has.
_PAGE: Final = 1_000
#: Seconds that an answer may take.
TIMEOUT: Final = 30.0
#: Bytes of an answer that are read: a page is cut at 4 MiB, and escapes may double it.
_MAX_ANSWER: Final = 16 << 20
#: Words that separate groups as they stand; any other is a metric's attribute.
_GROUPS: Final = ("channel", "event", "user_id", "session_id")


class ServiceError(Exception):
    """A collector that cannot be asked, or that refused; `status` is HTTP's, where it answered."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _Source(Protocol):
    def query(self, tenant: str, spec: dict[str, Any]) -> dict[str, Any]: ...
    def aggregate(self, tenant: str, spec: dict[str, Any]) -> dict[str, Any]: ...
    def close(self) -> None: ...


class TelemetryService:
    """Reads stored telemetry. Nothing that writes it depends on this.

    `source` is a collector's address, or the folder of its store on this machine; otherwise the first that is set of
    `TELEMETRY_ENDPOINT` and the collector's `DATA_DIR`. A collector is asked with `api_key`, otherwise
    `TELEMETRY_API_KEY`, and answers for the tenant that it knows the key by. A folder is opened with the key that the
    collector has, `STORE_ENCRYPTION_KEY`, if that is set.

    Raises ValueError where nothing says what to ask, and `ScrubjayError` (`store_unavailable`, `store_version`) for a
    folder that cannot be opened. Questions raise `ScrubjayError` (`argument_invalid` with the key) or `ServiceError`.
    """

    def __init__(self, source: str | Path | None = None, *, api_key: str | None = None) -> None:
        variables = (os.environ.get(name, "").strip() for name in ("TELEMETRY_ENDPOINT", "DATA_DIR"))
        named = str(source) if source else next(filter(None, variables), "")
        if not named:
            raise ValueError("ask what? Give a collector's address or a store's folder, or set TELEMETRY_ENDPOINT")
        self._source: _Source
        if named.startswith(("http://", "https://")):
            self._source = _Collector(named, api_key or os.environ.get("TELEMETRY_API_KEY") or None)
        elif Path(named).is_dir():
            self._source = _Folder(named)
        else:
            # Opening makes a folder: a misspelt one must not look like an empty store.
            raise ValueError(f"{named}: no such folder")

    def get_metrics(
        self,
        metric_names: Sequence[str] | None = None,
        start_time: datetime.datetime | str | None = None,
        end_time: datetime.datetime | str | None = None,
        tenant_id: str = DEFAULT_TENANT,
        *,
        limit: int | None = None,
    ) -> Rows:
        """The measurements of these metrics, or of all, by rising time: `name timestamp value …` (R1).

        The default range is the last 24 hours. A time without an offset is a local one.
        """
        metrics = [*metric_names] if metric_names is not None else [None]
        found: list[dict[str, Any]] = []
        for name in metrics:
            spec = {"schema": "telemetry_metric_v1", "event": name, "start_time": start_time, "end_time": end_time}
            for record in self.records(tenant_id=tenant_id, **spec):
                found.append(flat({key: value for key, value in record.items() if key not in ("schema", "tenant_id")}))
        found.sort(key=lambda row: str(row["timestamp"]))
        return Rows(found[:limit])

    def get_aggregated_metrics(
        self,
        metric_name: str,
        aggregation: Aggregation | Sequence[Aggregation] = "sum",
        group_by: str | Sequence[str] | None = None,
        interval: str | None = None,
        start_time: datetime.datetime | str | None = None,
        end_time: datetime.datetime | str | None = None,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Rows:
        """Figures over the values of a metric: `start`, one column a group, one an aggregation (R1).

        `group_by` names attributes, such as `endpoint`, or JSON Pointers into the record; `interval` is `1m 5m 15m 1h
        6h 1d`, absent for one bucket over the whole range, which is by default the last 24 hours.
        """
        keys = [group_by] if isinstance(group_by, str) else list(group_by or ())
        pointers = [_pointer(key) for key in keys]
        wanted = [aggregation] if isinstance(aggregation, str) else [*aggregation]
        answer = self._source.aggregate(
            tenant_id,
            _known(
                {
                    "schema": "telemetry_metric_v1",
                    "event": metric_name,
                    "field": "/value",
                    "aggregations": wanted,
                    "group_by": pointers or None,
                    "interval": interval,
                    "start_time": _moment(start_time),
                    "end_time": _moment(end_time),
                }
            ),
        )
        rows: list[dict[str, Any]] = []
        for bucket in answer["buckets"]:
            groups = {key: bucket["group"].get(pointer) for key, pointer in zip(keys, pointers, strict=True)}
            # Without an interval there is one bucket, which begins where the range does.
            rows.append({"start": bucket.get("start"), **groups, **{name: bucket.get(name) for name in wanted}})
        return Rows(rows)

    def get_events(
        self,
        channel: str | None = None,
        event: str | None = None,
        start_time: datetime.datetime | str | None = None,
        end_time: datetime.datetime | str | None = None,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Rows:
        """Stored events by rising time, a column for each member of their payloads and contexts."""
        spec = {"channel": channel, "event": event, "start_time": start_time, "end_time": end_time}
        return Rows(flat(record) for record in self.records(tenant_id=tenant_id, **spec))

    def records(self, *, tenant_id: str = DEFAULT_TENANT, **spec: Any) -> Iterator[dict[str, Any]]:
        """Stored records by rising time, page by page, in bounded memory.

        `spec` is `schema channel event user_id start_time end_time`; the default kind is `telemetry_event_v1`.
        """
        known = _known({**spec, "limit": _PAGE})
        for name in ("start_time", "end_time"):
            if name in known:
                known[name] = _moment(known[name])
        while True:
            page = self._source.query(tenant_id, known)
            yield from page["records"]
            if not page.get("next"):
                return
            known["cursor"] = page["next"]

    def close(self) -> None:
        """Lets the store go; idempotent."""
        self._source.close()

    def __enter__(self) -> TelemetryService:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Folder:
    """A store on this machine."""

    def __init__(self, folder: str) -> None:
        # Without the log: a collector may have it, and who reads needs none.
        options: dict[str, Any] = {"ingest_log": False}
        if key := os.environ.get("STORE_ENCRYPTION_KEY", "").strip():
            options["encryption_key"] = key
        self._store = _native.Store(folder, json.dumps(options))

    def query(self, tenant: str, spec: dict[str, Any]) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._store.query(tenant, json.dumps(spec))))

    def aggregate(self, tenant: str, spec: dict[str, Any]) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._store.aggregate(tenant, json.dumps(spec))))

    def close(self) -> None:
        self._store.close()


class _Collector:
    """A collector's routes (R1). The tenant is the key's: what is asked for another is refused there."""

    def __init__(self, address: str, api_key: str | None) -> None:
        self._address = address.rstrip("/")
        self._headers = {"accept": "application/json"}
        if api_key is not None:
            self._headers["authorization"] = f"Bearer {api_key}"

    def query(self, tenant: str, spec: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - see above
        return self._ask("records", spec)

    def aggregate(self, tenant: str, spec: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - see above
        asked = {**spec, "aggregation": spec["aggregations"]}
        del asked["aggregations"]
        return self._ask("metrics/aggregate", asked)

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, route: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        words = {name: ",".join(value) if isinstance(value, list) else value for name, value in spec.items()}
        return call(f"{self._address}/api/v1/telemetry/{route}?{urllib.parse.urlencode(words)}", self._headers)


def call(
    url: str, headers: Mapping[str, str], *, method: str = "GET", body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The JSON object at a collector's route. Raises `ServiceError`, whose message quotes no key."""
    data = None if body is None else json.dumps(body).encode()
    sent = {**headers, **({} if data is None else {"content-type": "application/json"})}
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 - callers pass http and https alone
    place = url.partition("?")[0]
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT) as response:
            answer = json.loads(response.read(_MAX_ANSWER) or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            raise ServiceError(f"{place}: {error.code} {_reason(error)}".rstrip(), error.code) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        said = why.strerror if isinstance(why, OSError) else why if isinstance(why, str) else None
        raise ServiceError(f"{place}: {said or type(why).__name__}") from None
    if not isinstance(answer, dict):
        raise ServiceError(f"{place}: the answer is no JSON object")
    return answer


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Another address is one that nobody named, and the key would go there."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        found = json.loads(error.read(_MAX_ANSWER))
        inner = found.get("error", found)
        return str(inner.get("message") if isinstance(inner, dict) else inner)
    except (OSError, ValueError, AttributeError):
        return str(error.reason)


def stored_user(user_id: str, config: Any = None, tenant_id: str = DEFAULT_TENANT) -> str:
    """What records hold in place of a user's id under this configuration: a pseudonym, or the id itself.

    Raises `ScrubjayError` (`argument_invalid`) where ids are removed, so that no record can be told to be theirs.
    """
    probe: Record = {"channel": "app", "event": "probe", "payload": {}, "user_id": user_id, "tenant_id": tenant_id}
    outcome = Engine(config).process_now(probe)
    found = (outcome["record"] or {}).get("user_id")
    if outcome["status"] != "accepted" or not isinstance(found, str) or found == "[identifier]":
        raise ValueError("records do not tell users apart: set privacy.pseudonym_key, as the senders did")
    return found


def _pointer(key: str) -> str:
    if key in _GROUPS or key.startswith("/"):
        return key
    return "/attributes/" + key.replace("~", "~0").replace("/", "~1")


def _known(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if value is not None}


def _moment(value: datetime.datetime | str | None) -> str | None:
    if not isinstance(value, datetime.datetime):
        return value
    # R1 asks with local times that do not say so.
    return (value if value.tzinfo else value.astimezone()).isoformat()


__all__ = ["Aggregation", "ScrubjayError", "ServiceError", "TelemetryService"]
