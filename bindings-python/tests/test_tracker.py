"""The tracker against a collector on the loopback interface, and without one."""

from __future__ import annotations

import copy
import datetime
import enum
import json
import logging
import pickle
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE, Collector

from scrubjay import ScrubjayError, Stats, Tracker


def balanced(stats: Stats) -> bool:
    return stats["accepted"] == stats["delivered"] + stats["pending"] + sum(stats["dropped"].values())


@pytest.fixture
def dead_endpoint() -> Iterator[str]:
    """A port that is taken and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


class Throwing:
    """Each way to look at it fails, with a value in the message."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("hunter2")

    def __repr__(self) -> str:
        raise RuntimeError("hunter2")


class ThrowingMapping(dict[str, Any]):
    """Fails when it is walked."""

    def items(self) -> Any:
        raise RuntimeError("hunter2")


def cycle() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def deep() -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(100_000):
        value = {"next": value}
    return value


def test_a_tracked_record_reaches_the_collector(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker:
        assert tracker.track("app", "login", {"ms": 12}, user_id="u1", session_id="s1", tenant_id="t1")
        request = collector.next()
    (record,) = request.records
    assert request.path == "/api/v1/telemetry/events/batch"
    assert (record["channel"], record["event"], record["payload"]) == ("app", "login", {"ms": 12})
    assert (record["schema"], record["tenant_id"]) == ("telemetry_event_v1", "t1")
    # Without a key for pseudonyms, identifiers do not leave the process.
    assert (record["user_id"], record["session_id"]) == ("[identifier]", "[identifier]")


def test_a_request_names_its_sender_and_carries_the_key(collector: Collector) -> None:
    with Tracker(collector.config(api_key="k-1")) as tracker:
        tracker.track("app", "login")
        headers = collector.next().headers
    assert headers["user-agent"].startswith("scrubjay/")
    assert headers["authorization"] == "Bearer k-1"
    assert (headers["content-type"], headers["content-encoding"]) == ("application/json", "gzip")


def test_personal_data_is_scrubbed_before_the_network(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker:
        tracker.track("app", "failed", {"error": "no such user ann@example.com", "password": "hunter2"})
        raw = collector.next().raw
    assert b"ann@example.com" not in raw
    assert b"hunter2" not in raw
    assert b"[email]" in raw


def test_many_records_travel_in_batches_in_order(collector: Collector) -> None:
    with Tracker(collector.config(flush_interval_ms=60_000, batch_max_items=100)) as tracker:
        for i in range(250):
            tracker.track("app", "step", {"i": i})
        assert tracker.flush(PATIENCE)
        stats = tracker.stats()
    batches = [collector.next().records for _ in range(collector.requests.qsize())]
    assert [record["payload"]["i"] for batch in batches for record in batch] == list(range(250))
    assert max(len(batch) for batch in batches) <= 100
    assert (stats["accepted"], stats["delivered"], stats["requests"]) == (250, 250, len(batches))


def test_leaving_the_block_delivers_what_was_captured(collector: Collector) -> None:
    with Tracker(collector.config(flush_interval_ms=60_000), exit_timeout=PATIENCE) as tracker:
        tracker.track("app", "login")
    assert len(collector.next().records) == 1
    assert tracker.stats()["delivered"] == 1


def test_the_end_of_the_program_delivers_what_was_captured(collector: Collector) -> None:
    # What was registered first runs last: it sees the books as the tracker left them.
    program = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print(tracker.stats()['delivered']))\n"
        "import scrubjay\n"
        f"tracker = scrubjay.Tracker(json.loads(sys.argv[1]), exit_timeout={PATIENCE})\n"
        "tracker.track('app', 'login')\n"
    )
    line = [sys.executable, "-c", program, json.dumps(collector.config(flush_interval_ms=60_000))]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=2 * PATIENCE)
    assert done.stdout == "1\n"
    assert collector.next().records[0]["event"] == "login"


def test_track_checked_returns_the_outcome_and_sends_the_record(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker:
        outcome = tracker.track_checked("app", "login", {"mail": "ann@example.com"})
        sent = collector.next().records
    assert outcome["status"] == "accepted"
    assert [outcome["record"]] == sent


def test_a_checked_outcome_reads_like_a_dict_and_gives_one(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker:
        outcome = tracker.track_checked("app", "login", {"mail": "ann@example.com"})
    whole = outcome.to_dict()
    assert list(outcome) == ["status", "id", "violations", "redactions", "record"] == list(outcome.keys())
    assert (len(outcome), "id" in outcome, "ids" in outcome, outcome.get("ids", 7)) == (5, True, False, 7)
    assert dict(outcome) == whole == outcome
    assert outcome == json.loads(json.dumps(whole)) != {}
    assert list(outcome.values()) == [value for _, value in outcome.items()]
    assert isinstance(outcome, Mapping)
    assert pickle.loads(pickle.dumps(outcome)) == copy.deepcopy(outcome) == whole  # noqa: S301 - our own
    assert repr(outcome) == f"CheckedOutcome({whole!r})"
    with pytest.raises(KeyError):
        outcome["ids"]
    with pytest.raises(TypeError):
        hash(outcome)
    whole.clear()
    assert outcome["status"] == "accepted" and outcome.to_dict() != {}


def test_track_checked_tells_what_is_wrong(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker:
        outcome = tracker.track_checked("app", "")
    assert outcome["status"] == "rejected"
    assert [violation["path"] for violation in outcome["violations"]] == ["/event"]


def test_an_invalid_record_is_counted_and_not_sent(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker:
        assert tracker.track("app", "")
        assert tracker.flush(PATIENCE)
        stats = tracker.stats()
    assert (stats["dropped"]["invalid"], stats["requests"]) == (1, 0)
    assert balanced(stats)


def test_what_the_collector_rejects_is_counted(collector: Collector) -> None:
    collector.refused_event = "unwanted"
    with Tracker(collector.config()) as tracker:
        tracker.track("app", "unwanted")
        tracker.track("app", "login")
        assert tracker.flush(PATIENCE)
        stats = tracker.stats()
    assert (stats["delivered"], stats["dropped"]["rejected"]) == (1, 1)
    assert balanced(stats)


def test_a_time_with_an_offset_is_sent_as_utc(collector: Collector) -> None:
    moment = datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    with Tracker(collector.config()) as tracker:
        tracker.track("app", "login", timestamp=moment)
        assert collector.next().records[0]["timestamp"] == "2026-01-02T02:00:00.000000Z"


@pytest.mark.parametrize(
    "payload",
    [{"a": {1, 2}}, {"a": b"bytes"}, {"a": object()}, {"a": Throwing()}, ThrowingMapping(a=1), {(1, 2): 3}],
    ids=["set", "bytes", "object", "throwing attribute", "throwing mapping", "name"],
)
def test_a_value_that_json_cannot_hold_costs_its_record_alone(
    collector: Collector, payload: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with Tracker(collector.config()) as tracker, caplog.at_level(logging.WARNING, "telemetry"):
        assert not tracker.track("app", "odd", payload)
        assert tracker.track_checked("app", "odd", payload)["violations"][0]["code"] == "json_invalid"
        assert tracker.track("app", "login")
        assert [record["event"] for record in collector.next().records] == ["login"]
        assert tracker.stats()["not_captured"] == 2
    assert "hunter2" not in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.parametrize("payload", [cycle(), deep()], ids=["cycle", "depth"])
def test_what_is_too_deep_is_refused_by_the_engine(collector: Collector, payload: dict[str, Any]) -> None:
    with Tracker(collector.config()) as tracker:
        assert tracker.track("app", "odd", payload)
        assert tracker.track_checked("app", "odd", payload)["violations"][0]["code"] == "json_depth"
        assert tracker.flush(PATIENCE)
        stats = tracker.stats()
    assert (stats["accepted"], stats["dropped"]["invalid"]) == (2, 2)
    assert stats["violations"] == {"json_depth": 2}


def test_what_is_too_large_is_counted_without_being_walked_to_its_end(collector: Collector) -> None:
    wide: list[Any] = []
    wide.extend([wide] * 100)
    with Tracker(collector.config()) as tracker:
        for payload in ({"a": "x" * 200_000}, {str(i): i for i in range(1_000_000)}, {"a": wide}):
            assert tracker.track("app", "odd", payload)
            assert tracker.track_checked("app", "odd", payload)["violations"][0]["code"] == "record_too_large"
        assert tracker.stats()["dropped"]["too_large"] == 6


def test_a_logging_handler_that_throws_does_not_reach_the_host(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bad(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise RuntimeError

    logger = logging.getLogger("telemetry")
    monkeypatch.setattr(logger, "handlers", [Bad()])
    with Tracker(collector.config()) as tracker:
        assert not tracker.track("app", "odd", {"a": {1}})


def test_a_record_that_the_collector_refuses_is_said_with_where_and_why(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.refused_event = "logout"
    with Tracker(collector.config()) as tracker, caplog.at_level(logging.WARNING, "telemetry"):
        for event in ("login", "logout"):
            assert tracker.track("app", event)
        assert tracker.flush(PATIENCE)
        assert tracker.flush(PATIENCE)
    assert caplog.messages == ["scrubjay: 1 record dropped: rejected (/event: refused)"]


def test_a_record_that_the_engine_refuses_is_said_by_the_next_call(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    with Tracker(collector.config()) as tracker, caplog.at_level(logging.WARNING, "telemetry"):
        wrong: Any = tracker.track
        assert wrong("app", None)
        assert tracker.flush(PATIENCE)
        (line,) = caplog.messages
    assert line == "scrubjay: 1 record dropped: invalid (/event: is required)"


def test_a_refusal_that_the_caller_reads_is_not_said_again(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    with Tracker(collector.config()) as tracker, caplog.at_level(logging.WARNING, "telemetry"):
        assert tracker.track_checked("app", "")["status"] == "rejected"
        assert tracker.track_checked("app", "large", {"a": "x" * 200_000})["status"] == "dropped"
        assert tracker.flush(PATIENCE)
        assert sum(tracker.stats()["dropped"].values()) == 2
    assert caplog.messages == []


@pytest.mark.parametrize("wrong", [{"unit": {"unit": "attributes"}}, {"value": float("nan")}, {"value": "3"}])
def test_what_is_no_measurement_is_said(
    collector: Collector, wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    measurement: dict[str, Any] = {"kind": "gauge", "name": "queue.depth", "value": 3}
    with Tracker(collector.config()) as tracker, caplog.at_level(logging.WARNING, "telemetry"):
        assert not tracker.measure(**(measurement | wrong))
    (line,) = caplog.messages
    assert line.startswith("scrubjay: 1 measurement was not taken: expected a name, a finite number")


def test_a_variable_that_is_spelt_wrong_is_said_once(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TELEMETRY_BATCHSIZE", "3")
    for _ in range(2):
        Tracker(collector.config()).shutdown()
    expected = "scrubjay: TELEMETRY_BATCHSIZE is ignored: no such variable; did you mean TELEMETRY_BATCH_SIZE?"
    assert caplog.messages == [expected]


def test_arguments_of_wrong_types_do_not_reach_the_host(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker:
        wrong: Any = tracker.track
        wrong(None, 7, [1], user_id=3, context="x", timestamp=4)
        assert tracker.flush(PATIENCE)
        assert tracker.stats()["dropped"]["invalid"] == 1


def test_values_are_copied_before_track_returns(collector: Collector) -> None:
    payload = {"step": 1}
    with Tracker(collector.config(flush_interval_ms=60_000)) as tracker:
        tracker.track("app", "login", payload)
        payload["step"] = 2
        assert tracker.flush(PATIENCE)
    assert collector.next().records[0]["payload"] == {"step": 1}


def test_a_value_that_tracks_while_it_is_looked_at_disturbs_nothing(collector: Collector) -> None:
    class Talkative(enum.Enum):
        ONE = 1

        @property
        def value(self) -> Any:
            tracker.track("app", "inner", {"a": "b"})
            return "outer"

    with Tracker(collector.config(flush_interval_ms=60_000)) as tracker:
        assert tracker.track("app", "outer", {"before": 1, "value": Talkative.ONE, "after": 2})
        assert tracker.flush(PATIENCE)
    inner, outer = collector.next().records
    assert (inner["event"], inner["payload"]) == ("inner", {"a": "b"})
    assert (outer["event"], outer["payload"]) == ("outer", {"before": 1, "value": "outer", "after": 2})


def test_what_a_host_must_not_miss_passes(collector: Collector) -> None:
    class Interrupted(enum.Enum):
        ONE = 1

        @property
        def value(self) -> Any:
            raise KeyboardInterrupt

    with Tracker(collector.config()) as tracker, pytest.raises(KeyboardInterrupt):
        tracker.track("app", "login", {"value": Interrupted.ONE})


def test_a_subclass_may_have_a_track_of_its_own(collector: Collector) -> None:
    class Loud(Tracker):
        def track(self, channel: str, event: str, *args: Any, **kwargs: Any) -> bool:
            return super().track(channel, event.upper(), *args, **kwargs)

    with Loud(collector.config()) as tracker:
        assert tracker.track("app", "login", {"a": 1})
        assert collector.next().records[0]["event"] == "LOGIN"


def test_a_whole_record_is_tracked_as_a_mapping(collector: Collector) -> None:
    record = {"schema": "telemetry_event_v1", "channel": "app", "event": "login", "payload": {}}
    with Tracker(collector.config()) as tracker:
        assert tracker.track_record(record)
        assert tracker.track_record(types.MappingProxyType(record))
        assert tracker.flush(PATIENCE)
        assert tracker.stats()["delivered"] == 2


def test_threads_may_share_a_tracker(collector: Collector) -> None:
    with Tracker(collector.config(), exit_timeout=PATIENCE) as tracker:
        threads = [
            threading.Thread(target=lambda: [tracker.track("app", "step") for _ in range(200)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tracker.flush(PATIENCE)
        stats = tracker.stats()
    assert (stats["accepted"], stats["delivered"]) == (1_600, 1_600)


def test_a_dead_collector_costs_the_host_nothing_and_shows_in_the_books(dead_endpoint: str) -> None:
    config = {"client": {"enabled": True, "endpoint": dead_endpoint, "retry_max_attempts": 1, "flush_interval_ms": 1}}
    tracker = Tracker(config)
    started = time.perf_counter()
    assert all(tracker.track("app", "step", {"i": i}) for i in range(1_000))
    # A try to connect costs the caller milliseconds each; a thousand captures cost a few in all.
    assert time.perf_counter() - started < 1.0
    # After some failures the circuit breaker opens: what is left waits behind it, and no flush can be of use.
    assert not tracker.flush(PATIENCE)
    assert time.perf_counter() - started < PATIENCE
    stats = tracker.stats()
    assert stats["delivered"] == 0
    assert stats["dropped"]["export_failed"] > 0
    assert stats["dropped"]["export_failed"] + stats["pending"] == 1_000
    assert stats["last_error"] is not None
    assert balanced(stats)
    tracker.shutdown(0)


def test_leaving_is_bounded_while_the_collector_is_dead(dead_endpoint: str) -> None:
    config = {"client": {"enabled": True, "endpoint": dead_endpoint, "retry_initial_ms": 30_000}}
    started = time.perf_counter()
    with Tracker(config, exit_timeout=0.2) as tracker:
        tracker.track("app", "login")
    assert time.perf_counter() - started < 5.0
    assert balanced(tracker.stats())


def test_after_shutdown_nothing_is_captured(collector: Collector) -> None:
    tracker = Tracker(collector.config())
    assert tracker.shutdown(PATIENCE)
    assert tracker.shutdown(PATIENCE)
    assert not tracker.track("app", "login")
    assert tracker.stats()["not_captured"] == 1


@pytest.mark.parametrize("timeout", [float("nan"), -1.0, float("inf")])
def test_any_number_is_a_timeout(collector: Collector, timeout: float) -> None:
    with Tracker(collector.config()) as tracker:
        assert tracker.flush(timeout)


def test_an_exception_in_the_block_passes_through(collector: Collector) -> None:
    with pytest.raises(KeyError), Tracker(collector.config(), exit_timeout=PATIENCE) as tracker:
        tracker.track("app", "login")
        raise KeyError
    assert len(collector.next().records) == 1


def test_a_configuration_is_read_from_a_file(collector: Collector, tmp_path: Path) -> None:
    file = tmp_path / "scrubjay.json"
    file.write_text(json.dumps(collector.config()), encoding="utf-8")
    with Tracker.from_file(file) as tracker:
        assert tracker.stats()["enabled"]


def test_on_without_a_collector_is_a_configuration_error() -> None:
    with pytest.raises(ScrubjayError) as caught:
        Tracker({"client": {"enabled": True}})
    assert (caught.value.code, caught.value.path) == ("config_invalid", "/client/endpoint")
