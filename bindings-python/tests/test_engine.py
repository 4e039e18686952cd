"""The pure part, and the errors of bad calls."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import subprocess
import sys
import threading
import uuid
from typing import Any

import pytest

import scrubjay
from scrubjay import Engine, ScrubjayError, _native, codes, metrics_catalog, schemas, validate_record

RECORD = {"timestamp": "2026-01-02T03:04:05Z", "channel": "app", "event": "login", "payload": {}}
STAMP: scrubjay.Stamp = {"now": "2026-05-06T07:08:09Z", "random": "00112233445566778899"}


def payload_of(payload: Any) -> Any:
    outcome = Engine().process(RECORD | {"payload": payload})
    assert outcome["record"] is not None
    return outcome["record"]["payload"]


def test_a_valid_record_is_accepted_and_gets_its_schema() -> None:
    outcome = validate_record(RECORD)
    assert (outcome["status"], outcome["violations"]) == ("accepted", [])
    assert outcome["record"] is not None
    assert outcome["record"]["schema"] == "telemetry_event_v1"


def test_a_bad_record_is_an_outcome_and_no_exception() -> None:
    outcome = validate_record({"channel": 1})
    assert outcome["status"] == "rejected"
    assert {"path": "/event", "code": "required"}.items() <= outcome["violations"][-2].items()


def test_personal_data_is_replaced_and_named_by_its_path() -> None:
    outcome = validate_record(RECORD | {"payload": {"note": "ask ann@example.com"}})
    assert outcome["record"] is not None
    assert outcome["record"]["payload"] == {"note": "ask [email]"}
    assert outcome["redactions"] == [{"path": "/payload/note", "rule": "email", "action": "replace"}]


def test_the_same_record_gives_the_same_text_as_mapping_text_and_bytes() -> None:
    text = json.dumps(RECORD)
    engine = Engine()
    assert engine.process_text(RECORD) == engine.process_text(text) == engine.process_text(text.encode())


def test_a_stamp_fills_an_absent_id_and_time() -> None:
    outcome = Engine().process({"channel": "app", "event": "login", "payload": {}}, stamp=STAMP)
    assert outcome["record"] is not None
    assert outcome["record"]["timestamp"] == "2026-05-06T07:08:09.000000Z"
    assert outcome["id"] is not None
    assert uuid.UUID(outcome["id"]).version == 7


def test_without_a_stamp_an_absent_time_is_a_violation() -> None:
    outcome = validate_record({"channel": "app", "event": "login", "payload": {}})
    assert [violation["path"] for violation in outcome["violations"]] == ["/timestamp"]


def test_the_clock_stamps_where_it_is_asked_to() -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    record = Engine().process_now({"channel": "app", "event": "login", "payload": {}})["record"]
    after = datetime.datetime.now(datetime.timezone.utc)
    assert record is not None
    stamped = datetime.datetime.fromisoformat(record["timestamp"].replace("Z", "+00:00"))
    assert before <= stamped <= after


def test_a_malformed_stamp_is_a_bad_call() -> None:
    with pytest.raises(ScrubjayError) as caught:
        Engine().process(RECORD, stamp={"now": "noon", "random": "00"})
    assert caught.value.code == "argument_invalid"


def test_free_text_is_scrubbed_with_the_redactions_listed() -> None:
    scrubbed = Engine().scrub_text("write to ann@example.com")
    assert scrubbed["text"] == "write to [email]"
    assert [redaction["rule"] for redaction in scrubbed["redactions"]] == ["email"]


def test_a_half_surrogate_in_free_text_becomes_a_replacement_character() -> None:
    assert Engine().scrub_text("a\ud800b")["text"].strip("ab") in {"\ufffd", "\ufffd" * 3}


def test_an_explanation_names_what_was_changed_and_what_was_kept() -> None:
    explanation = Engine().explain(RECORD | {"payload": {"to": "ann@example.com", "phone": "iPhone 15"}})
    assert explanation["status"] == "accepted"
    assert [(each["rule"], each["action"], each["reason"]) for each in explanation["decisions"]] == [
        ("email", "replace", "mode"),
        ("phone", "keep", "form"),
    ]


def test_what_is_sealed_can_be_opened_by_the_owner_of_the_key() -> None:
    pair = scrubjay.seal_keypair()
    seal = {"public_key": pair["public_key"], "rules": ["email"]}
    sealed = Engine({"privacy": {"pseudonym_key": "k" * 16, "seal": seal}}).scrub_text("to ann@example.com")["text"]
    assert scrubjay.unseal(pair["secret_key"], sealed) == {"opened": 1, "failed": 0, "text": "to ann@example.com"}
    with pytest.raises(ScrubjayError) as caught:
        scrubjay.unseal("no key", sealed)
    assert (caught.value.code, caught.value.path) == ("argument_invalid", "/secret_key")


def test_a_json_document_of_any_shape_is_scrubbed() -> None:
    assert Engine().scrub_json(["ann@example.com", {"password": "hunter2"}])["json"] == [
        "[email]",
        {"password": "[secret]"},
    ]


def test_a_json_document_that_cannot_be_read_gives_nothing_but_its_violation() -> None:
    scrubbed = Engine().scrub_json("{")
    assert scrubbed["json"] is None
    assert scrubbed["violations"][0]["code"] == "json_invalid"


def test_numbers_keep_every_digit() -> None:
    text = '{"a":18446744073709551615,"b":-9223372036854775808}'
    assert text in Engine().process_text(json.dumps(RECORD).replace('"payload": {}', f'"payload": {text}'))


def test_times_ids_decimals_and_enumerations_are_written_as_text() -> None:
    class Colour(enum.Enum):
        RED = "red"

    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
    number = uuid.UUID("019dfc1d-9023-7011-a233-445566778899")
    written = payload_of({"t": moment, "d": decimal.Decimal("1.10"), "u": number, "e": Colour.RED})
    assert written == {"t": "2026-01-02T00:00:00+00:00", "d": "1.10", "u": str(number), "e": "red"}


def test_a_time_without_an_offset_is_rejected() -> None:
    outcome = validate_record(RECORD | {"timestamp": datetime.datetime(2026, 1, 2)})
    assert [violation["path"] for violation in outcome["violations"]] == ["/timestamp"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_know_is_rejected(value: float) -> None:
    outcome = validate_record(RECORD | {"payload": {"mean": value}})
    assert (outcome["status"], outcome["record"]) == ("rejected", None)


def test_an_unknown_configuration_key_suggests_the_nearest() -> None:
    with pytest.raises(ScrubjayError) as caught:
        Engine({"privacy": {"mod": "strict"}})
    assert (caught.value.code, caught.value.path) == ("config_unknown_key", "/privacy/mod")
    assert "mode" in caught.value.message
    assert str(caught.value) != ""


def test_an_error_quotes_no_value_of_the_configuration() -> None:
    with pytest.raises(ScrubjayError) as caught:
        Engine({"privacy": {"pseudonym_key": "hunter2"}})
    assert "hunter2" not in f"{caught.value} {caught.value.message}"


def test_a_configuration_may_be_text_a_mapping_or_nothing() -> None:
    strict = {"privacy": {"mode": "strict"}}
    record = RECORD | {"context": {"ip_address": "203.0.113.77"}}
    assert Engine(strict).process_text(record) == Engine(json.dumps(strict)).process_text(record)
    assert Engine().process_text(record) == Engine("{}").process_text(record) != Engine(strict).process_text(record)


def test_every_stable_word_is_listed() -> None:
    listed = codes()
    assert listed["statuses"] == ["accepted", "rejected", "dropped"]
    assert {"config_unknown_key", "internal"} <= set(listed["errors"])
    assert all(words for words in listed.values())


def test_the_engine_may_be_shared_between_threads() -> None:
    engine = Engine()
    expected = engine.process_text(RECORD)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(engine.process_text(RECORD) for _ in range(200)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 1_600


def test_a_panic_becomes_an_error_with_the_code_internal() -> None:
    with pytest.raises(ScrubjayError) as caught:
        _native.panic_for_test()
    assert (caught.value.code, caught.value.path) == ("internal", "")


def test_a_panic_writes_nothing_to_standard_error() -> None:
    program = "import scrubjay._native as n\ntry: n.panic_for_test()\nexcept n.ScrubjayError as e: print(e.code)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("internal\n", "")


def test_a_missing_native_library_says_what_to_do() -> None:
    program = "import sys\nsys.modules['scrubjay._scrubjay'] = None\nimport scrubjay"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    assert message.startswith("ImportError: scrubjay's native library is missing or cannot be loaded on ")
    assert "pip install --force-reinstall scrubjay" in message
    assert sys.executable in message


def test_the_library_needs_no_other_package() -> None:
    program = "import sys, scrubjay\nprint(sorted({'typer', 'rich', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_version_is_that_of_the_distribution() -> None:
    import importlib.metadata

    assert scrubjay.__version__ == importlib.metadata.version("scrubjay")


def test_schemas_and_the_metrics_catalog_are_those_of_the_engine() -> None:
    assert schemas()["telemetry_trace_v1"]["title"] == "telemetry_trace_v1"
    assert {metric["name"]: metric["unit"] for metric in metrics_catalog()}["cursor.latency_us"] == "μs"
