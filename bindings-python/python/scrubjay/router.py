"""Keeps records in JSON Lines archives on this machine, one file per channel (R0)."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypedDict, cast

from scrubjay import _ambient, _exit, _fork, _native
from scrubjay._archive import Archive, day_at, file_name, next_day
from scrubjay._complaint import Complaint, warn
from scrubjay._json import config_text, octets, plain, value_at, value_of
from scrubjay._recorder import UNWRITTEN, Recorder, complain, declared_by, event_of
from scrubjay._replay import replay
from scrubjay._session import Sessions
from scrubjay._types import Config, Outcome

#: Where archives are kept unless said otherwise (R0).
ARCHIVES: Final = "reports/telemetry"
#: Dead letters. The leading mark keeps it apart from every channel's archive.
REJECTED: Final = "_rejected.jsonl"
#: A client that is on must have a collector. The router's is only asked about its switches and sends nothing.
_NOWHERE: Final = "http://localhost"
#: Bytes (64 MiB) at which an archive is rotated: what a person's tools still open.
MAX_BYTES: Final = 64 << 20
#: Bytes that are processed and appended together where the host asks for it: beyond it, more are no faster.
BUFFER_BYTES: Final = 64 << 10
#: Seconds that a line waits at most for others.
FLUSH_INTERVAL: Final = 0.25
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

    Rotation: before a line that would make a file larger than `max_bytes`, and before the first line of another day in
    UTC, the file becomes `<channel>@<day>.<number>.jsonl` and a new one begins. A single line is never divided.

    Line by line: by default a line is the operating system's when `track` returns, as with `logging.FileHandler`: it
    outlives a kill, a crash and `os._exit`, though not a power cut. The record before a crash is the one that is looked
    for, so no thread is left to write it a moment later. The system call is half of what `track` then takes.

    Deleted: an archive that somebody deletes is begun again. Whether the file is still there is asked for every line,
    but not more often than once a millisecond or 16 KiB: what `track` wrote since is then written again, in its order.
    So a line that went to a deleted file stands in the new one after the next `track`, `flush` or `close`, at the
    latest. Several processes that share an archive may for as long write beyond `max_bytes`.

    Buffer: with `buffer_bytes`, such as `scrubjay.router.BUFFER_BYTES`, `track` only captures, and answers whether it
    did, in about an eighth of the time. A thread of the router validates, scrubs and appends: when there are so many
    bytes, after a quarter of a second, by `flush`, and at the end of the process. Order and times are those of the
    calls. What waits is in memory, and lost where the process is killed; where too much waits, callers help. Archives
    of such a router are to be removed or moved only while it is closed.

    Sessions: `session_id` tells the records of one session from others' and nothing else. Without a pseudonym key in
    the configuration, ids are hashed with a key that this router makes and nobody keeps; with one, the engine hashes
    them like every identifier.

    Ordering: a line is written whole, by one append, before its `track` returns; of two calls of which one returned
    before the other began, the first one's line stands first. Calls that overlap, in threads or processes, stand in
    the order of their writes, which may differ from that of their timestamps. Files follow each other by day and
    number, the one without them last; `replay` reads them so. Several processes may share a folder: a line of one that
    has not yet seen the other's rotation ends up behind it in the rotated file.

    A router is made to be used, so it is on, except where `DO_NOT_TRACK`, `OTEL_SDK_DISABLED`, a false
    `TELEMETRY_ENABLED` or `{"client": {"enabled": False}}` turns collection off. A file system that refuses a write
    costs that record, counted and said once through the logger `telemetry`. Raises `ScrubjayError` (`config_invalid`,
    `config_unknown_key`) for a wrong configuration.
    """

    def __init__(
        self, root: str | Path = ARCHIVES, config: Config = None, *, max_bytes: int = MAX_BYTES, buffer_bytes: int = 0
    ) -> None:
        super().__init__()
        text = config_text(config)
        self._engine = _native.Engine(text)
        self._enabled, self._disabled_by, has_key = _switches(text)
        self._sessions = None if has_key else Sessions()
        self._root = Path(root)
        self._max_bytes = max_bytes
        # Where collection is off, nothing is kept, not even for a moment.
        self._buffer_bytes = buffer_bytes if self._enabled else 0
        self.exit_timeout: Final = 0.0
        """Seconds that leaving may take: it waits for nobody."""
        self._archives: OrderedDict[str, Archive] = OrderedDict()
        self._closed = False
        self._flusher: threading.Thread | None = None
        self._unwritten = Complaint("a record was not archived")
        self._undecided = Complaint("a record was dropped")
        self._begin_anew()
        _fork.watch(self)

    def path_of(self, channel: str) -> Path:
        """The archive of a channel, whether or not anything was written to it."""
        return self._root / file_name(channel)

    def replay(self, channel: str | None = None) -> Iterator[dict[str, Any]]:
        """The archived records of a channel, or of all, in order; see `scrubjay.replay`."""
        return replay(self._root if channel is None else self.path_of(channel))

    def stats(self) -> RouterStats:
        """What became of the records so far."""
        with self._lock:
            return {
                "enabled": self._enabled,
                "disabled_by": self._disabled_by,
                "accepted": self._counts["accepted"] + self._archiver.written(),
                "rejected": self._counts["rejected"],
                "dropped": self._counts["dropped"] + self._undecided.count,
                "write_failed": self._unwritten.count,
                "not_captured": self._not_captured + self._unwritable.count,
            }

    def flush(self) -> None:
        """Processes and appends what waits; without a buffer, looks whether an archive was deleted."""
        self._archiver.drain()
        for channel in self._archiver.flush():
            with self._lock:
                self._let_go(file_name(channel))

    def close(self) -> None:
        """Closes the files; afterwards `track` returns `False`. Idempotent."""
        _exit.let_go(self)
        self.flush()
        self._ended = True
        self._some.set()
        with self._lock:
            self._closed = True
            self.__dict__.pop("track", None)
            for name in list(self._archives):
                self._let_go(name)

    def leave(self, deadline: float) -> None:  # noqa: ARG002 - it waits for nobody
        """The end of the process: `flush`, since others that end may still track."""
        self.flush()

    def __enter__(self) -> TelemetryRouter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @declared_by(Recorder.track)
    def track(self, *args: Any, **kwargs: Any) -> bool:
        """Does what `Recorder.track` says."""
        if self._closed:
            # A wrong call is one now, too.
            event_of(*args, **kwargs)
            with self._lock:
                self._not_captured += 1
            return False
        return self._archiver.track(*args, **kwargs)

    @declared_by(Recorder.track)
    def track_checked(self, *args: Any, **kwargs: Any) -> Outcome:
        """Does what `Recorder.track_checked` says."""
        record = self._text(event_of(*args, **kwargs))
        if record is None:
            return cast(Outcome, json.loads(UNWRITTEN))
        if self._buffer_bytes:
            # What waits came before.
            self.flush()
        outcome = self._engine.process_now(record)
        if value_of(outcome, "status") == "accepted":
            # The record is an outcome's last member: it is cut out, since reading it would double the cost.
            self._settle(outcome[value_at(outcome, "record") : -1], True)
        else:
            self._settle(outcome, False)
        return cast(Outcome, json.loads(outcome))

    def _text(self, record: dict[str, Any]) -> bytes | None:
        session_id = record.get("session_id")
        if session_id is not None and self._sessions is not None:
            record["session_id"] = self._sessions.anonymous(session_id)
        context = _ambient.merged(record.get("context"))
        if context is not None:
            record["context"] = context
        try:
            return octets(record)
        except Exception as error:
            complain(self._unwritable, error)
        return None

    def _settle(self, text: str, is_line: bool) -> bool:
        """Keeps a record that the engine has processed; whether it now stands in its channel's archive.

        `text` is the line of an accepted record, or the whole outcome of another.
        """
        with self._lock:
            if self._closed or not self._enabled:
                self._not_captured += 1
                return False
            if is_line:
                # The scrubbed name: a file name must not give away what the line does not.
                channel = value_of(text, "channel")
                kept = self._write(file_name(channel), text, channel)
            else:
                # A dropped record has nothing to keep.
                kept = value_of(text, "status") == "dropped" or self._write(REJECTED, text)
            if kept:
                self._counts["accepted" if is_line else value_of(text, "status")] += 1
        return kept and is_line

    def _write(self, name: str, line: str, channel: str | None = None) -> bool:
        octets = line.encode()
        if channel is not None and self._buffer_bytes:
            # What waits came before.
            self._archiver.flush(channel)
        try:
            archive = self._archive(name, len(octets) + 1)
            archive.append(octets)
        except OSError as error:
            self._let_go(name)
            self._unwritten.add(error.strerror or str(error))
            return False
        if archive.day is None:
            archive.day = day_at(time.time())
        if channel is not None:
            # From here on the native part writes by itself, until the file is full or the day is over.
            self._archiver.admit(channel, archive.fd, self._max_bytes, next_day(archive.day))
            self._channels[name] = channel
        return True

    def _archive(self, name: str, more: int) -> Archive:
        """The open archive of this name, opened or rotated if need be. Raises OSError."""
        archive = self._archives.get(name)
        if archive is not None and archive.removed:
            self._let_go(name)
            archive = None
        if archive is None:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            archive = self._open(name)
        else:
            self._archives.move_to_end(name)
        if archive.is_due(more, self._max_bytes, day_at(time.time())):
            archive.rotate()
            self._let_go(name)
            archive = self._open(name)
        return archive

    def _open(self, name: str) -> Archive:
        archive = self._archives[name] = Archive(self._root / name)
        if len(self._archives) > _MAX_OPEN:
            self._let_go(next(iter(self._archives)))
        return archive

    def _failed(self, channel: str, why: str, lines: int) -> None:
        """The native part could not write so many lines."""
        with self._lock:
            self._let_go(file_name(channel))
            self._unwritten.add(why, lines)

    def _wake(self, is_full: bool) -> None:
        """Something waits; starts the thread that sees to it, where it does not run."""
        if self._flusher is None:
            with self._lock:
                if self._flusher is None:
                    _exit.hold(self)
                    flusher = threading.Thread(target=self._run, name="scrubjay-flush", daemon=True)
                    flusher.start()
                    self._flusher = flusher
        if is_full:
            self._full.set()
        self._some.set()

    def _run(self) -> None:
        some, full = self._some, self._full
        while True:
            some.wait()
            if self._ended:
                return
            full.wait(FLUSH_INTERVAL)
            some.clear()
            full.clear()
            self.flush()

    def _let_go(self, name: str) -> None:
        archive, channel = self._archives.pop(name, None), self._channels.pop(name, None)
        lost = None if channel is None else self._archiver.dismiss(channel)
        if archive is not None:
            # A disk that failed a write may fail the close; the descriptor is gone either way.
            with contextlib.suppress(OSError):
                archive.close()
        if lost is not None:
            self._write_again(name, *lost)

    def _write_again(self, name: str, lines: bytes, count: int) -> None:
        """Lines that went to a file which somebody had deleted, as was found out a moment later."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            archive = Archive(self._root / name)
            try:
                archive.append(lines)
            finally:
                archive.close()
        except OSError as error:
            self._unwritten.add(error.strerror or str(error), count)
        else:
            self._counts["accepted"] += count

    def _begin_anew(self) -> None:
        # Files are shared with the parent, as appends allow; a lock that another thread held is not, and each
        # process keeps its own books.
        self._counts = {"accepted": 0, "rejected": 0, "dropped": 0}
        self._not_captured = 0
        self._lock = threading.RLock()
        # What the native part was told, by archive. It may be locked by a thread that is not here.
        self._channels: dict[str, str] = {}
        self._archiver = _native.Archiver(
            self._engine,
            plain,
            functools.partial(complain, self._unwritable),
            _ambient.merged,
            None if self._sessions is None else self._sessions.anonymous,
            self._settle,
            self._failed,
            self._wake,
            self._buffer_bytes,
        )
        # Something waits; as much as shall wait.
        self._some, self._full, self._ended = threading.Event(), threading.Event(), False
        self._flusher = None
        if type(self).track is TelemetryRouter.track and not self._closed:
            # The interpreter then calls the native method at once.
            self.__dict__["track"] = self._archiver.track


def _switches(config: str) -> tuple[bool, str | None, bool]:
    """Whether collection is on for whoever asks for it in code, and what turns it off: the core decides.

    And whether there is a key for pseudonyms.
    """
    written = json.loads(config)
    given = {key: value for key, value in written.get("client", {}).items() if value is not None}
    written["client"] = {"enabled": True, "endpoint": _NOWHERE} | given
    stats = json.loads(_native.Client(json.dumps(written), plain, print, _ambient.merged, warn).stats())
    privacy = written.get("privacy") or {}
    return stats["enabled"], stats["disabled_by"], "pseudonym_key" in privacy or "pseudonym_keys" in privacy
