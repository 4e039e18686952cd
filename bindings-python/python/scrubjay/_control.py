"""What changes a tracker while it runs: consent, another configuration, and who listens."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from scrubjay import _native
from scrubjay._complaint import Complaint
from scrubjay._json import config_text
from scrubjay.consent import word

if TYPE_CHECKING:
    from scrubjay._types import Change, ChangedKey, Config, Purpose, Status

Listener: TypeAlias = "Callable[[Change], None]"

#: Seconds between two looks for changes, while somebody listens: as often as the core looks at the consent file.
_LOOK_INTERVAL: Final = 0.25


class Controlled:
    """The part of a tracker that users and operators reach for. Nothing here is on the way of a record."""

    _client: _native.Client

    def status(self) -> Status:
        """What holds and who decided it: `status()["values"]` names the source of every key, secrets unshown."""
        return cast("Status", json.loads(self._client.status()))

    def opt_in(self, *purposes: Purpose, notice_version: str | None = None, source: str) -> bool:
        """Records that the user agrees, by default to all purposes; whether collection is on then.

        `source` says where they agreed, such as `settings`. Raises `ScrubjayError` (`consent_unavailable`) where that
        cannot be kept, and so does not count.
        """
        return self._client.opt_in(word(purposes, source, notice_version))

    def opt_out(self, *purposes: Purpose, source: str) -> None:
        """Records that the user no longer agrees, by default to anything.

        When this returns, what was captured is erased from memory and disk and nothing more will be sent; other
        processes follow within a second. Raises `ScrubjayError` (`consent_unavailable`) where that cannot be kept on
        disk; this tracker is silent even then, if all purposes were meant.
        """
        self._client.opt_out(word(purposes, source))

    def request_deletion(self, user_id: str, *, tenant_id: str | None = None, source: str) -> None:
        """Asks the collector to delete everything that it has of a user.

        When this returns the wish is on disk, and is tried in the background until the collector has confirmed it: over
        restarts, and also after an `opt_out`. `source` says where the user asked, such as `settings`; `tenant_id` is
        that of their records, if any. `status()["deletions"]` says how many wait, and why. Raises `ScrubjayError`
        (`argument_invalid`, `config_invalid` without a collector, `consent_unavailable`).
        """
        self._client.request_deletion(json.dumps({"user_id": user_id, "tenant_id": tenant_id, "source": source}))

    def reconfigure(self, config: Config) -> list[ChangedKey]:
        """Takes another configuration; what is queued stays, unless it turns collection off. The keys that changed.

        Raises `ScrubjayError` for a wrong one, and then nothing changes.
        """
        return cast("list[ChangedKey]", json.loads(self._client.reconfigure(config_text(config))))

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with each change of consent or configuration within a second; returns what removes it.

        It hears what this process and others change, from a thread of its own.
        """
        self._listeners.add(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def _listeners(self) -> Listeners:
        # Made when first needed: most trackers have none.
        found = self.__dict__.get("_listeners_made")
        if found is None:
            found = self.__dict__.setdefault("_listeners_made", Listeners(lambda: self._client))
        return cast(Listeners, found)

    def _listen_anew(self) -> None:
        """In a forked child: the thread that looked for changes is not here."""
        found = self.__dict__.pop("_listeners_made", None)
        if found is not None:
            for listener in found.listeners:
                self._listeners.add(listener)


class Listeners:
    """Those who are told, and the thread that looks while there are any."""

    def __init__(self, client: Callable[[], _native.Client]) -> None:
        self.listeners: list[Listener] = []
        self._client = client
        self._lock = threading.Lock()
        self._since = 0
        self._runs = 0
        self._failed = Complaint("a listener raised")

    def add(self, listener: Listener) -> None:
        with self._lock:
            self.listeners.append(listener)
            if len(self.listeners) == 1:
                # What was before is no change.
                self._since = json.loads(self._client().changes(2**63))["next"]
                self._runs += 1
                threading.Thread(target=self._run, args=(self._runs,), name="scrubjay-listen", daemon=True).start()

    def remove(self, listener: Listener) -> None:
        with self._lock:
            if listener in self.listeners:
                self.listeners.remove(listener)

    def _run(self, run: int) -> None:
        pause = threading.Event()
        while not pause.wait(_LOOK_INTERVAL):
            with self._lock:
                listeners = list(self.listeners)
                # Nobody listens, or did not for a moment, and another thread looks now.
                if not listeners or run != self._runs:
                    return
                changes = json.loads(self._client().changes(self._since))
                self._since = changes["next"]
            for change in changes["changes"]:
                for listener in listeners:
                    self._tell(listener, change)

    def _tell(self, listener: Listener, change: Change) -> None:
        try:
            listener(change)
        except Exception as error:
            self._failed.add(type(error).__name__)
