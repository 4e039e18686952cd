"""A disk that is really full: a file system of some kilobytes in memory, mounted for one program alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE

#: Kilobytes of the disk: less than what each program here writes.
SIZE = 128
#: Programs in such a place begin slowly on a busy machine.
SEVERAL = 4


def on_a_small_disk(disk: Path, program: str) -> Any:
    """What a program prints, as JSON, that finds a small disk at `disk`; skips where nothing may be mounted."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("a small disk needs `unshare` (util-linux)")
    disk.mkdir()
    place = [unshare, "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f'mount -t tmpfs -o size={SIZE}k tmpfs "$1"'
    tried = subprocess.run([*place, mount, "sh", str(disk)], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"nothing may be mounted here: {tried.stderr.strip()}")
    line = [*place, f'{mount} && exec "$2" -c "$3" "$1"', "sh", str(disk), sys.executable, program]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=SEVERAL * PATIENCE)
    return json.loads(done.stdout)


def test_a_router_on_a_full_disk_keeps_whole_lines_says_so_once_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    program = """
import json, logging, os, sys
from pathlib import Path
from scrubjay import TelemetryRouter, replay
said = []
class Says(logging.Handler):
    def emit(self, record): said.append(record.getMessage())
logging.getLogger("telemetry").addHandler(Says())
disk = Path(sys.argv[1])
(disk / "filler").write_bytes(bytes(40_000))
with TelemetryRouter(disk / "archives") as router:
    taken = [router.track("app", "step", {"n": n, "text": "x" * 200}) for n in range(600)]
    full = router.stats()
    (disk / "filler").unlink()
    later = router.track("app", "later")
    torn = []
    found = list(replay(disk / "archives", unreadable=lambda path, line: torn.append(line)))
print(json.dumps({"taken": taken, "full": full, "later": later, "torn": len(torn), "said": said,
                  "found": [record["payload"].get("n", record["event"]) for record in found]}))
"""
    run = on_a_small_disk(tmp_path / "disk", program)
    kept = [n for n, taken in enumerate(run["taken"]) if taken]
    assert 0 < len(kept) < 600
    assert run["found"] == [*kept, "later"]
    assert (run["full"]["accepted"], run["full"]["write_failed"]) == (len(kept), 600 - len(kept))
    # Of the line that found room for a part, the part stands by itself.
    assert (run["later"], run["torn"]) == (True, 1)
    assert len(run["said"]) == 1
    assert run["said"][0].startswith("a record was not archived: the disk had room for a part only")


def test_an_etl_on_a_full_disk_is_one_message_and_leaves_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "app.jsonl"
    record = {"timestamp": "2026-01-02T03:04:05Z", "channel": "app", "event": "step", "payload": {"text": "x" * 500}}
    archive.write_text((json.dumps(record) + "\n") * 1_000, encoding="utf-8")
    program = f"""
import json, pathlib, subprocess, sys
line = [sys.executable, "-m", "scrubjay", "etl", "--in", {str(archive)!r}, "--out", sys.argv[1] + "/out"]
done = subprocess.run([*line, "--records", "jsonl"], capture_output=True, text=True)
left = [path.name for path in pathlib.Path(sys.argv[1]).rglob("*") if path.is_file()]
print(json.dumps([done.returncode, done.stdout, done.stderr, left]))
"""
    code, printed, said, left = on_a_small_disk(tmp_path / "disk", program)
    assert (code, printed) == (2, "")
    assert said.count("\n") == 1
    assert "No space left on device" in said
    assert left == ["lock"]
