"""The command, as people start it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import Any

import pytest

import scrubjay

GOOD = '{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{}}'
BAD = '{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"","payload":{}}'
#: Seconds: far above what any command here takes.
PATIENCE = 60.0


def command(*arguments: str, given: str | bytes = "") -> subprocess.CompletedProcess[str]:
    stdin = given.encode() if isinstance(given, str) else given
    line = [sys.executable, "-m", "scrubjay", *arguments]
    done = subprocess.run(line, input=stdin, capture_output=True, check=False, timeout=PATIENCE)
    return subprocess.CompletedProcess(line, done.returncode, done.stdout.decode(), done.stderr.decode())


posix = pytest.mark.skipif(os.name != "posix", reason="redirections of a POSIX shell")


def in_shell(redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with one of its streams redirected."""
    line = ["sh", "-c", f'"$0" -m scrubjay "$@" {redirection}', sys.executable, *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=PATIENCE)


def json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def script() -> str:
    found = Path(sysconfig.get_path("scripts")) / ("scrubjay.exe" if sys.platform == "win32" else "scrubjay")
    assert found.exists(), "the package is not installed: see README.md"
    return str(found)


def test_the_installed_script_prints_the_version(script: str) -> None:
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout == f"scrubjay {scrubjay.__version__}\n"


def test_the_module_is_the_same_command(script: str) -> None:
    by_script = subprocess.run([script, "--help"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert command("--help").stdout == by_script.stdout


def test_help_lists_the_commands_and_the_exit_codes() -> None:
    done = command("--help")
    assert done.returncode == 0
    for word in ("validate", "scrub", "etl", "plan", "Exit codes"):
        assert word in done.stdout


@pytest.mark.parametrize("name", ["validate", "scrub", "explain", "unseal", "seal-keypair", "etl"])
def test_each_command_has_help_with_examples(name: str) -> None:
    done = command(name, "--help")
    assert done.returncode == 0
    assert f"\n    scrubjay {name}" in done.stdout


def test_validate_exits_with_0_where_all_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f"{GOOD}\n{GOOD}\n", encoding="utf-8")
    done = command("validate", str(file))
    assert done.returncode == 0
    assert done.stdout == f"{file}:1: accepted\n{file}:2: accepted\n"
    assert done.stderr == "scrubjay: 2 records: 2 accepted, 0 rejected, 0 dropped\n"


def test_validate_exits_with_1_and_names_line_path_and_code_where_not() -> None:
    done = command("validate", "-", given=f"{GOOD}\n\n{BAD}\n")
    assert done.returncode == 1
    assert "<stdin>:3: rejected\n    /event: " in done.stdout


def test_validate_exits_with_2_where_there_is_no_such_file() -> None:
    done = command("validate", "nowhere.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("scrubjay: ")
    assert "nowhere.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_validate_reads_one_document_over_many_lines() -> None:
    text = json.dumps([json.loads(GOOD), json.loads(BAD)], indent=2)
    done = command("validate", "--json", "-", given=text)
    assert [verdict["status"] for verdict in json_lines(done.stdout)] == ["accepted", "rejected"]
    assert [verdict["line"] for verdict in json_lines(done.stdout)] == [2, 8]


def test_validate_prints_json_for_programs_without_the_record() -> None:
    done = command("validate", "--json", "-", given=f"{GOOD}\n{BAD}\n")
    good, bad = json_lines(done.stdout)
    assert list(good) == ["line", "status", "id", "violations", "redactions"]
    assert (bad["line"], bad["status"], bad["violations"][0]["path"]) == (2, "rejected", "/event")


def test_validate_quiet_prints_only_what_was_not_accepted() -> None:
    done = command("validate", "-q", "-", given=f"{GOOD}\n{BAD}\n")
    assert "accepted" not in done.stdout
    assert "<stdin>:2: rejected" in done.stdout


def test_validate_quotes_no_value() -> None:
    done = command("validate", "-", given='{"channel":"ann@example.com","event":5,"hunter2":1}\n')
    assert "ann@" not in done.stdout + done.stderr


def test_scrub_takes_a_text_as_its_argument() -> None:
    assert command("scrub", "mail ann@example.com").stdout == "mail [email]\n"


def test_scrub_reads_stdin_line_by_line() -> None:
    done = command("scrub", given="a ann@example.com\n\nfrom 203.0.113.77\nlast")
    assert (done.returncode, done.stdout) == (0, "a [email]\n\nfrom 203.0.113.0\nlast")


def test_scrub_reads_a_file_of_that_name(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("a ann@example.com\n", encoding="utf-8")
    assert command("scrub", str(file)).stdout == "a [email]\n"


def test_scrub_answers_a_line_before_the_next_one_comes() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "scrubjay", "scrub"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        # An answer that never comes ends the wait, too.
        guard = threading.Timer(PATIENCE, running.kill)
        guard.start()
        for _ in range(2):
            running.stdin.write(b"a ann@example.com\n")
            running.stdin.flush()
            assert running.stdout.readline() == b"a [email]\n"
        guard.cancel()


def test_scrub_in_strict_mode_removes_addresses() -> None:
    assert "203.0.113" not in command("scrub", "--mode", "strict", "from 203.0.113.77").stdout


def test_scrub_jsonl_keeps_the_id_of_each_text() -> None:
    done = command("scrub", "--jsonl", given='{"id":"a","text":"ann@example.com"}\n{"id":7,"text":"plain"}\n')
    assert (done.returncode, json_lines(done.stdout)) == (
        0,
        [{"id": "a", "text": "[email]"}, {"id": 7, "text": "plain"}],
    )


def test_scrub_jsonl_keeps_every_digit_of_a_document_s_numbers() -> None:
    line = '{"id":12345678901234567890123,"json":{"n":18446744073709551615,"m":"ann@example.com"}}\n'
    assert command("scrub", "--jsonl", given=line).stdout == line.replace("ann@example.com", "[email]")


def test_scrub_jsonl_lets_nothing_of_an_unreadable_line_through() -> None:
    done = command("scrub", "--jsonl", given='ann@example.com\n{"id":1,"text":"plain"}\n')
    assert (done.returncode, json_lines(done.stdout)) == (1, [{"id": 1, "text": "plain"}])
    assert done.stderr.startswith("scrubjay: line 1: expected one JSON object")
    assert "ann@" not in done.stderr


def test_scrub_replaces_bytes_that_are_no_text() -> None:
    assert command("scrub", given=b"\xff ann@example.com\n").stdout == "\ufffd [email]\n"


def test_a_reader_that_has_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    # Far beyond what a pipe holds.
    file.write_text(f"{GOOD}\n" * 20_000, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "scrubjay", "validate", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().endswith(b":1: accepted\n")
        running.stdout.close()
        assert (running.wait(PATIENCE), running.stderr.read()) == (1, b"")


def test_scrub_takes_the_lines_of_a_private_key_together() -> None:
    begin, end = "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n"
    key = f"{begin}MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp\nK06nwoyHUCXqI9EdVhC\n{end}"
    scrubbed = f"{begin}[private_key]\n{end}"
    done = command("scrub", given=f"a\n\n{key}ann@example.com\n{key}")
    assert done.stdout == f"a\n\n{scrubbed}[email]\n{scrubbed}"


def test_scrub_does_not_wait_for_the_end_of_a_block_that_has_none() -> None:
    lines = "-----BEGIN NOTHING-----\n" + "x\n" * 1_000 + "ann@example.com"
    assert command("scrub", given=lines).stdout.endswith("x\n[email]")


def test_explain_prints_each_decision_and_never_a_value() -> None:
    record = GOOD.replace("{}", '{"to":"ann@example.com","phone":"iPhone 15"}')
    done = command("explain", "-", given=record)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "<stdin>:1: accepted, 2 decisions",
        "    PATH            RULE   ACTION   REASON",
        "    /payload/to     email  replace  mode",
        "    /payload/phone  phone  keep     form",
    ]
    assert "ann@" not in done.stdout


def test_explain_prints_json_for_programs_and_exits_with_1_for_a_rejected_record() -> None:
    done = command("explain", "--json", "-", given=f"{GOOD}\n{BAD}\n")
    first, second = json_lines(done.stdout)
    assert (done.returncode, first["line"], first["decisions"]) == (1, 1, [])
    assert (second["status"], second["violations"][0]["path"]) == ("rejected", "/event")


def test_what_was_sealed_is_opened_with_the_key_that_was_made_for_it(tmp_path: Path) -> None:
    pair = command("seal-keypair").stdout
    (tmp_path / "owner.key").write_text(pair, encoding="utf-8")
    config = tmp_path / "config.json"
    seal = {"public_key": json.loads(pair)["public_key"], "rules": ["contact"]}
    config.write_text(json.dumps({"privacy": {"pseudonym_key": "k" * 16, "seal": seal}}), encoding="utf-8")
    sealed = command("scrub", "--config", str(config), given="to ann@example.com\n").stdout
    assert sealed.startswith("to [sealed:")
    done = command("unseal", "--key-file", str(tmp_path / "owner.key"), "-", given=sealed)
    assert (done.returncode, done.stdout) == (0, "to ann@example.com\n")
    other = tmp_path / "other.key"
    other.write_text(json.loads(command("seal-keypair").stdout)["secret_key"], encoding="utf-8")
    done = command("unseal", "--key-file", str(other), "-", given=sealed)
    assert (done.returncode, done.stdout) == (1, sealed)


def test_unseal_says_what_is_wrong_with_a_key_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    for text in ["{}", "abc"]:
        file.write_text(text, encoding="utf-8")
        done = command("unseal", "--key-file", str(file), "-", given="x\n")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_etl_writes_the_report_and_prints_its_counts(tmp_path: Path) -> None:
    (tmp_path / "app.jsonl").write_text(f"{GOOD}\n{BAD}\n", encoding="utf-8")
    done = command("etl", "--in", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 0
    assert done.stdout.startswith("2 records in 1 archive: 1 accepted, 1 rejected, 0 dropped\n")
    assert json.loads((tmp_path / "out" / "telemetry_report.json").read_text(encoding="utf-8"))["read"] == 2


def test_etl_prints_json_for_programs(tmp_path: Path) -> None:
    (tmp_path / "app.jsonl").write_text(f"{GOOD}\n", encoding="utf-8")
    summary = json.loads(command("etl", "--json", "--in", str(tmp_path), "--out", str(tmp_path / "out")).stdout)
    assert (summary["read"], summary["accepted"]) == (1, 1)
    assert summary["report"] == str(tmp_path / "out" / "telemetry_report.json")


def test_etl_exits_with_2_where_there_are_no_archives(tmp_path: Path) -> None:
    done = command("etl", "--in", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_a_wrong_configuration_file_is_one_line_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"privacy":{"mod":"strict"}}', encoding="utf-8")
    done = command("scrub", "--config", str(file), "text")
    assert (done.returncode, done.stdout) == (2, "")
    assert "/privacy/mod" in done.stderr
    assert "mode" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_mode_of_the_command_line_wins_over_the_file_s(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"privacy":{"mode":"minimal"}}', encoding="utf-8")
    assert command("scrub", "--config", str(file), "203.0.113.77").stdout == "203.0.113.77\n"
    strict = command("scrub", "--config", str(file), "--mode", "strict", "203.0.113.77")
    assert "203" not in strict.stdout


@pytest.mark.parametrize("arguments", [("scrub",), ("scrub", "-"), ("validate", "-")])
@posix
def test_a_closed_stdin_is_one_line(arguments: tuple[str, ...]) -> None:
    done = in_shell("<&-", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "scrubjay: standard input is closed: give a file, or pipe something in\n"


@pytest.mark.parametrize("arguments", [("scrub", "text"), ("validate", "/dev/null"), ("etl",)])
@posix
def test_a_closed_stdout_is_one_line(arguments: tuple[str, ...]) -> None:
    done = in_shell(">&-", *arguments)
    assert (done.returncode, done.stderr) == (2, "scrubjay: standard output is closed: there is nowhere to write to\n")


@pytest.mark.parametrize(
    "arguments", [("scrub", "text"), ("scrub", "/etc/passwd"), ("validate", "--json", "/etc/passwd"), ("--help",)]
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device")
def test_a_full_disk_is_one_line(arguments: tuple[str, ...]) -> None:
    done = in_shell(">/dev/full", *arguments)
    assert (done.returncode, done.stderr) == (2, "scrubjay: input or output: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device")
def test_where_stderr_takes_nothing_the_exit_code_remains() -> None:
    assert in_shell("2>/dev/full", "validate", "nowhere.jsonl").returncode == 2


@pytest.mark.parametrize("arguments", [("scrub",), ("validate",), ("scrub", "--config")])
def test_a_folder_in_place_of_a_file_is_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = command(*arguments, str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"scrubjay: {tmp_path}: ")
    assert done.stderr.count("\n") == 1


def test_scrub_takes_an_empty_text() -> None:
    done = command("scrub", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_utf_8_whatever_the_terminal_says(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    (verdict,) = json_lines(command("validate", "--json", "-", given='{"é…":1}\n').stdout)
    assert verdict["violations"][-1]["path"] == "/é…"


def test_verdicts_can_be_read_in_an_ascii_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = command("validate", "-", given='{"é…":1}\n')
    assert done.returncode == 1
    assert "unknown_field" in done.stdout
    assert "Traceback" not in done.stderr


def test_an_unknown_option_is_wrong_usage() -> None:
    assert command("scrub", "--nonsense").returncode == 2


def test_without_the_extra_the_command_says_what_to_install() -> None:
    program = "import sys\nsys.modules['typer'] = None\nfrom scrubjay.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert 'pip install "scrubjay[cli]"' in done.stderr


PLAN = '{"version":"1","events":{"app.login":{"properties":{"ms":{"type":"integer"},"mail":{"pii":"replace"}}}}}'


def test_plan_check_says_what_a_plan_holds(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(PLAN, encoding="utf-8")
    done = command("plan", "check", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{file}: version 1, 1 events, 2 fields; personal data: 1 replace\nother events: allow\n"
    assert json.loads(command("plan", "check", "--json", str(file)).stdout)["pii"]["replace"] == 1


def test_plan_check_exits_with_1_and_names_the_place_where_a_plan_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(PLAN.replace("type", "tpye"), encoding="utf-8")
    done = command("plan", "check", str(file))
    assert done.returncode == 1
    assert (
        "config_unknown_key at /events/app.login/properties/ms/tpye: no such keyword; did you mean type?" in done.stderr
    )
    answer = json.loads(command("plan", "check", "--json", str(file)).stdout)
    assert answer["path"] == "/events/app.login/properties/ms/tpye"


def test_plan_diff_exits_with_1_only_where_a_change_is_breaking(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(PLAN, encoding="utf-8")
    new.write_text(PLAN.replace('"integer"', '"number"'), encoding="utf-8")
    assert command("plan", "diff", str(old), str(old)).stdout == "0 changes, 0 of them breaking\n"
    wider = command("plan", "diff", str(old), str(new))
    assert (wider.returncode, wider.stdout.splitlines()[-1]) == (0, "1 changes, 0 of them breaking")
    narrower = command("plan", "diff", "--json", str(new), str(old))
    assert narrower.returncode == 1
    change = json.loads(narrower.stdout)["changes"][0]
    assert (change["path"], change["kind"]) == ("/events/app.login/properties/ms/type", "tightened")


def test_plan_diff_exits_with_2_where_a_plan_cannot_be_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(PLAN, encoding="utf-8")
    bad.write_text('{"events":[]}', encoding="utf-8")
    done = command("plan", "diff", str(good), str(bad))
    assert (done.returncode, done.stderr) == (2, f"scrubjay: {bad}: config_invalid at /events: expected an object\n")
    assert command("plan", "diff", str(good), str(tmp_path / "none.json")).returncode == 2
