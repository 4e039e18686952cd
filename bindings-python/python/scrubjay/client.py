"""`TelemetryClient` (R1): a tracker by the names that applications know, made of the environment or of keywords."""

from __future__ import annotations

import contextvars
import datetime
import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from scrubjay import _ambient, _json
from scrubjay._complaint import Complaint, logger
from scrubjay._recorder import Recorder, declared_by, event_of
from scrubjay.metrics import MetricType
from scrubjay.tracker import EXIT_TIMEOUT, Tracker

if TYPE_CHECKING:
    from scrubjay._types import ChangedKey, Config, Outcome

PrivacyMode: TypeAlias = Literal["strict", "balanced", "minimal"]
BeforeSend: TypeAlias = Callable[[dict[str, Any]], "Mapping[str, Any] | None"]
"""Gets a record that is about to be captured and returns what is captured in its place, or nothing."""

#: Where events go that name no channel, as in the reader of R1's events.
DEFAULT_CHANNEL: Final = "default"
#: Bytes of a key that is made here: as strong as the hash that it keys.
_KEY_BYTES: Final = 32
#: Where a host is being asked whether a record may be captured: what it tracks meanwhile is not.
_asking: Final[contextvars.ContextVar[bool]] = contextvars.ContextVar("scrubjay_before_send", default=False)


class TelemetryClient(Tracker):
    """Tracks events, metrics and spans. Without arguments, as `TELEMETRY_*` and the configuration files say.

    Off unless turned on, as `Tracker` says. Keywords stand for keys of the configuration and win over `config`:
    `sample_rate` for `sampling.rate`, `privacy_mode` for `privacy.mode`, the others for keys of section `client`.
    `before_send` sees each record that `track`, `track_event` and `track_record` are given, before it is scrubbed:
    it cannot bring back what scrubbing removes. What it raises costs that record, as does what it tracks itself.
    `debug`, or `TELEMETRY_DEBUG=1`, logs each verdict through the logger `telemetry`, and no value.
    """

    def __init__(
        self,
        config: Config = None,
        *,
        enabled: bool | None = None,
        endpoint: str | None = None,
        api_key: str | None = None,
        service_name: str | None = None,
        sample_rate: float | None = None,
        privacy_mode: PrivacyMode | None = None,
        before_send: BeforeSend | None = None,
        debug: bool | None = None,
        exit_timeout: float = EXIT_TIMEOUT,
    ) -> None:
        given = {"enabled": enabled, "endpoint": endpoint, "api_key": api_key, "service_name": service_name}
        text = _json.config_text(config)
        text = _with(text, "client", given)
        text = _with(text, "sampling", {"rate": sample_rate})
        self._config = _with(text, "privacy", {"mode": privacy_mode})
        self._before_send = before_send
        self._debug = _is_true(os.environ.get("TELEMETRY_DEBUG", "")) if debug is None else debug
        self._hook_failed = Complaint("before_send raised; the record was not captured")
        super().__init__(self._config, exit_timeout=exit_timeout)
        if before_send is None and not self._debug:
            # As in the tracker: the interpreter calls the native method at once.
            self.__dict__["track"] = self._client.track
        elif self._debug:
            logger().setLevel("DEBUG")

    def track_event(
        self,
        event_name: str,
        properties: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        tenant_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        channel: str = DEFAULT_CHANNEL,
        session_id: str | None = None,
        timestamp: datetime.datetime | str | None = None,
    ) -> bool:
        """Tracks an event (R1); whether it was captured. Never raises.

        `ip`, `user_agent` and `session_id` are read from `context`, too.
        """
        return self.track(
            channel,
            event_name,
            properties,
            user_id=user_id,
            session_id=session_id,
            tenant_id=tenant_id,
            context=context,
            timestamp=timestamp,
        )

    def track_metric(
        self,
        name: str,
        value: float,
        unit: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        *,
        type: MetricType = "gauge",  # noqa: A002 - the record's own name for it
    ) -> bool:
        """Adds one measurement; see `measure`. Never raises."""
        return self.measure(type, name, value, unit=unit, attributes=attributes)

    def configure_privacy(
        self,
        mode: PrivacyMode | None = None,
        pii_fields: Iterable[str] | None = None,
        hash_identifiers: bool | None = None,
        anonymize_ips: bool | None = None,
        pseudonym_key: str | None = None,
    ) -> list[ChangedKey]:
        """Changes how records are scrubbed from now on (R1); what is not given stays. The keys that changed.

        Pseudonyms need a key: `pseudonym_key`, or `TELEMETRY_PSEUDONYM_KEY`. Where there is none, one is made for this
        client, and said so through the logger `telemetry`: pseudonyms then tell users apart as long as it lives, and
        nobody can link them to anything else. Raises `ScrubjayError` for a wrong value, and then nothing changes.
        """
        given = {
            "mode": mode,
            "pii_fields": None if pii_fields is None else list(pii_fields),
            "hash_identifiers": hash_identifiers,
            "anonymize_ips": anonymize_ips,
            "pseudonym_key": pseudonym_key,
        }
        text = _with(self._config, "privacy", given)
        key = os.environ.get("TELEMETRY_PSEUDONYM_KEY", "").strip()
        if hash_identifiers and key:
            # What code asks for has to hold by itself.
            text = _with(text, "privacy", {"pseudonym_key": pseudonym_key or key})
        elif hash_identifiers and not self._has_key(text):
            import secrets

            text = _with(text, "privacy", {"pseudonym_key": secrets.token_urlsafe(_KEY_BYTES)})
            logger().warning("no pseudonym key is configured: one was made, which ends with this client")
        changed = self.reconfigure(text)
        self._config = text
        return changed

    def _has_key(self, text: str) -> bool:
        if "pseudonym_key" in json.loads(text).get("privacy", {}):
            return True
        values = self.status()["values"]
        return any(value["key"] == "/privacy/pseudonym_key" and value.get("is_set") for value in values)

    @declared_by(Recorder.track)
    def track(self, *args: Any, **kwargs: Any) -> bool:
        """Does what `Recorder.track` says."""
        return self.track_record(event_of(*args, **kwargs))

    def track_record(self, record: Mapping[str, Any]) -> bool:
        """`track` of a record of any kind, such as a metric or a span: a mapping of its members."""
        if self.is_off() or self._before_send is None:
            return self._capture(record)
        if _asking.get():
            # The hook tracks something itself: no end would be in sight.
            self._hook_failed.add("it tracked a record itself")
            return False
        token = _asking.set(True)
        try:
            allowed = self._before_send(dict(_ambient.merged_record(record)))
        except Exception as error:
            # It may have meant to keep the record to itself.
            self._hook_failed.add(type(error).__name__)
            return False
        finally:
            _asking.reset(token)
        return allowed is not None and self._capture(allowed)

    def stats(self) -> Any:
        """The books: `accepted == delivered + pending + sum(dropped.values())`."""
        stats = super().stats()
        stats["not_captured"] += self._hook_failed.count
        return stats

    def _capture(self, record: Mapping[str, Any]) -> bool:
        taken = super().track_record(record)
        if self._debug and isinstance(record, Mapping):
            self._say(record, taken)
        return taken

    def _say(self, record: Mapping[str, Any], taken: bool) -> None:
        """What the engine makes of a record, for whoever looks for one that does not arrive."""
        from scrubjay.engine import Engine

        if not taken:
            logger().debug("not captured: %s", self.status()["disabled_by"] or "it cannot be written as JSON")
            return
        outcome: Outcome = Engine({"privacy": json.loads(self._config).get("privacy", {})}).process_now(record)
        why = ", ".join(f"{found['path'] or '/'} {found['code']}" for found in outcome["violations"])
        rules = ", ".join(f"{found['path']} {found['rule']}" for found in outcome["redactions"])
        logger().debug("%s%s%s", outcome["status"], why and f": {why}", rules and f"; scrubbed: {rules}")


def _with(config: str, section: str, given: Mapping[str, Any]) -> str:
    """A configuration's text with what is given of a section in it."""
    known = {name: value for name, value in given.items() if value is not None}
    if not known:
        return config
    # A configuration that is wrong is the engine's to refuse, whole.
    try:
        written = json.loads(config)
        sections = {**written, section: {**cast("dict[str, Any]", written.get(section) or {}), **known}}
    except (ValueError, TypeError, AttributeError):
        return config
    return json.dumps(sections)


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "on")
