"""Keeps records in JSON Lines archives on this machine, one file per channel (R0)."""

from __future__ import annotations

import contextlib
import datetime
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypedDict, cast

from scrubjay import _fork, _native
from scrubjay._archive import Archive, file_name
from scrubjay._complaint import Complaint
from scrubjay._json import config_text, octets, plain, value_at, value_of
from scrubjay._native import ScrubjayError
from scrubjay._recorder import UNWRITTEN, Recorder, complain
from scrubjay._types import Config, Outcome

#: Where archives are kept unless said otherwise (R0).
ARCHIVES: Final = "reports/telemetry"
#: Dead letters. The leading mark keeps it apart from every channel's archive.
REJECTED: Final = "_rejected.jsonl"
#: A client that is on must have a collector. The router's is only asked about its switches and sends nothing.
_NOWHERE: Final = "http://localhost"
#: Files held open. Channels are few; this bounds a host that makes them up.
_MAX_OPEN: Final = 64


class RouterStats(TypedDict):
    """A router's books: every `track` counts in exactly one of the last five."""

    enabled: bool
    disabled_by: str | None
    """The switch that keeps collection off."""
    accepted: int
    """Written to their channel's archive."""
    rejected: int
    """Written, scrubbed, to the dead letters with their violations."""
    dropped: int
    """Beyond a processing budget: nothing of them is kept."""
    write_failed: int
    """Not written because the file system refused."""
    not_captured: int
    """Collection is off or the router closed, or the record could not be written as JSON."""


class TelemetryRouter(Recorder):
    """Writes each record, validated and scrubbed, to `<root>/<channel>.jsonl`.

    Nothing touches the disk before the engine has scrubbed it. Rejected records go, scrubbed too, to
    `<root>/_rejected.jsonl` as their whole outcome. A channel whose name is no plain file name gets a neutral one.

    Ordering: a line is written whole, by one append, before its `track` returns; of two calls of which one returned
    before the other began, the first one's line stands first. Calls that overlap, in threads or processes, stand in
    the order of their writes, which may differ from that of their timestamps. A written line is the operating
    system's: it outlives this process, though not a power cut.

    A router is made to be used, so it is on, except where `DO_NOT_TRACK`, `OTEL_SDK_DISABLED`, a false
    `TELEMETRY_ENABLED` or `{"client": {"enabled": False}}` turns collection off. A file system that refuses a write
    costs that record, counted and said once through the logger `telemetry`. Raises `ScrubjayError` (`config_invalid`,
    `config_unknown_key`) for a wrong configuration.
    """

    def __init__(self, root: str | Path = ARCHIVES, config: Config = None) -> None:
        super().__init__()
        text = config_text(config)
        self._engine = _native.Engine(text)
        self._enabled, self._disabled_by = _switches(text)
        self._root = Path(root)
        self._archives: OrderedDict[str, Archive] = OrderedDict()
        self._closed = False
        self._unwritten = Complaint("a record was not archived")
        self._undecided = Complaint("a record was dropped")
        self._begin_anew()
        _fork.watch(self)

    def path_of(self, channel: str) -> Path:
        """The archive of a channel, whether or not anything was written to it."""
        return self._root / file_name(channel)

    def stats(self) -> RouterStats:
        """What became of the records so far."""
        with self._lock:
            return {
                "enabled": self._enabled,
                "disabled_by": self._disabled_by,
                "accepted": self._counts["accepted"],
                "rejected": self._counts["rejected"],
                "dropped": self._counts["dropped"] + self._undecided.count,
                "write_failed": self._unwritten.count,
                "not_captured": self._not_captured + self._unwritable.count,
            }

    def close(self) -> None:
        """Closes the files; afterwards `track` returns `False`. Idempotent."""
        with self._lock:
            self._closed = True
            for name in list(self._archives):
                self._let_go(name)

    def __enter__(self) -> TelemetryRouter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def track(
        self,
        channel: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        tenant_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        timestamp: datetime.datetime | str | None = None,
    ) -> bool:
        """Does what `Recorder.track` says."""
        record = self._text(channel, event, payload, user_id, session_id, tenant_id, context, timestamp)
        if record is None:
            return False
        try:
            return self._route(record)[1]
        except ScrubjayError as error:
            # A contained defect of the engine: what it could not scrub is not kept.
            self._undecided.add(str(error))
            return False

    def track_checked(
        self,
        channel: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        tenant_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        timestamp: datetime.datetime | str | None = None,
    ) -> Outcome:
        """Does what `Recorder.track_checked` says."""
        record = self._text(channel, event, payload, user_id, session_id, tenant_id, context, timestamp)
        return cast(Outcome, json.loads(UNWRITTEN if record is None else self._route(record)[0]))

    def _text(
        self,
        channel: str,
        event: str,
        payload: Mapping[str, Any] | None,
        user_id: str | None,
        session_id: str | None,
        tenant_id: str | None,
        context: Mapping[str, Any] | None,
        timestamp: datetime.datetime | str | None,
    ) -> bytes | None:
        record: dict[str, Any] = {"channel": channel, "event": event, "payload": {} if payload is None else payload}
        if timestamp is not None:
            record["timestamp"] = timestamp
        if user_id is not None:
            record["user_id"] = user_id
        if session_id is not None:
            record["session_id"] = session_id
        if tenant_id is not None:
            record["tenant_id"] = tenant_id
        if context is not None:
            record["context"] = context
        try:
            return octets(record)
        except Exception as error:
            complain(self._unwritable, error)
        return None

    def _route(self, record: bytes) -> tuple[str, bool]:
        """The outcome, and whether the record now stands in its channel's archive."""
        outcome = self._engine.process_now(record)
        status = value_of(outcome, "status")
        with self._lock:
            if self._closed or not self._enabled:
                self._not_captured += 1
                return outcome, False
            if status == "accepted":
                # The record is an outcome's last member: it is cut out, since reading it would double the cost.
                line = outcome[value_at(outcome, "record") : -1]
                # The scrubbed name: a file name must not give away what the line does not.
                kept = self._write(file_name(value_of(line, "channel")), line)
            else:
                # A dropped record has nothing to keep.
                kept = status == "dropped" or self._write(REJECTED, outcome)
            if kept:
                self._counts[status] += 1
        return outcome, kept and status == "accepted"

    def _write(self, name: str, line: str) -> bool:
        try:
            self._archive(name).append(line.encode())
        except OSError as error:
            self._let_go(name)
            self._unwritten.add(error.strerror or str(error))
            return False
        return True

    def _archive(self, name: str) -> Archive:
        """The open archive of this name, opened if need be. Raises OSError."""
        archive = self._archives.get(name)
        if archive is not None and archive.removed:
            self._let_go(name)
            archive = None
        if archive is None:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            archive = self._archives[name] = Archive(self._root / name)
            if len(self._archives) > _MAX_OPEN:
                self._let_go(next(iter(self._archives)))
        else:
            self._archives.move_to_end(name)
        return archive

    def _let_go(self, name: str) -> None:
        archive = self._archives.pop(name, None)
        if archive is not None:
            # A disk that failed a write may fail the close; the descriptor is gone either way.
            with contextlib.suppress(OSError):
                archive.close()

    def _begin_anew(self) -> None:
        # Files are shared with the parent, as appends allow; a lock that another thread held is not, and each
        # process keeps its own books.
        self._counts = {"accepted": 0, "rejected": 0, "dropped": 0}
        self._not_captured = 0
        self._lock = threading.RLock()


def _switches(config: str) -> tuple[bool, str | None]:
    """Whether collection is on for whoever asks for it in code, and what turns it off; the core decides."""
    written = json.loads(config)
    given = {key: value for key, value in written.get("client", {}).items() if value is not None}
    written["client"] = {"enabled": True, "endpoint": _NOWHERE} | given
    stats = json.loads(_native.Client(json.dumps(written), plain, print).stats())
    return stats["enabled"], stats["disabled_by"]
