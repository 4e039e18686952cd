"""The parameters of `track`, which are written once and hold for every recorder."""

from __future__ import annotations

import inspect
import pydoc
from collections.abc import Callable
from typing import Any

import pytest

import scrubjay
from scrubjay import TelemetryClient, TelemetryRouter, Tracker, _native

PARAMETERS = ["channel", "event", "payload", "user_id", "session_id", "tenant_id", "context", "timestamp"]
RECORDERS: list[tuple[Callable[..., Any], str]] = [
    (Tracker.track, "bool"),
    (Tracker.track_checked, "CheckedOutcome"),
    (TelemetryClient.track, "bool"),
    (TelemetryRouter.track, "bool"),
    (TelemetryRouter.track_checked, "Outcome"),
]


@pytest.mark.parametrize(("method", "answer"), RECORDERS, ids=[method.__qualname__ for method, _ in RECORDERS])
def test_help_shows_a_recorder_s_parameters_and_its_own_answer(method: Callable[..., Any], answer: str) -> None:
    signature = inspect.signature(method)
    assert list(signature.parameters) == ["self", *PARAMETERS]
    assert signature.return_annotation == answer
    assert f"{method.__name__}(self, channel: " in pydoc.plain(pydoc.render_doc(method))


def test_the_program_s_track_has_the_parameters_of_a_recorder_s() -> None:
    signature = inspect.signature(scrubjay.track)
    assert list(signature.parameters) == PARAMETERS
    assert signature.return_annotation == "bool"


@pytest.mark.parametrize("native", [_native.Client.track, _native.Client.track_checked, _native.Archiver.track])
def test_the_native_methods_take_the_same(native: Callable[..., Any]) -> None:
    assert list(inspect.signature(native).parameters) == ["self", *PARAMETERS]


def test_an_argument_that_is_unknown_is_a_bad_call_of_each() -> None:
    with TelemetryClient(before_send=lambda record: record) as client:
        for call in (scrubjay.track, client.track, client.track_checked):
            with pytest.raises(TypeError):
                call("app", "login", {}, nobody_knows=1)  # type: ignore[call-arg]
