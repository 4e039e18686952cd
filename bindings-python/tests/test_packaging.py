"""What is installed: what its import brings and takes, and that the source distribution has all it is built from."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]
#: Milliseconds of processor time, in which a machine's other work does not count.
IMPORT_BUDGET_MS = 30.0
#: Of so many interpreters the fastest counts: the first ones write and read what the disk does not hold yet.
TRIES = 7

#: What programs import anyway is not the package's.
MEASURE = (
    "import time, typing, json, re, datetime, threading, contextlib, contextvars, functools\n"
    "t = time.process_time(); import scrubjay; print((time.process_time() - t) * 1_000)"
)


def test_the_import_takes_no_longer_than_its_budget(tmp_path: Path) -> None:
    # The compiled files are kept where the test may write, as an installer keeps them beside the sources.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    times = []
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-c", MEASURE], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        times.append(float(done.stdout))
    assert min(times) <= IMPORT_BUDGET_MS, times


def test_the_import_brings_nothing_that_a_program_that_tracks_does_not_need(tmp_path: Path) -> None:
    source = (
        "import sys, typing, json, re, datetime, threading, contextlib, contextvars, functools\n"
        "before = set(sys.modules)\n"
        "import scrubjay\n"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('scrubjay._')))\n"
        "scrubjay.Engine, scrubjay.Outcome, scrubjay.TelemetryService\n"
        "print({name for name in scrubjay.__all__ if getattr(scrubjay, name, None) is None})\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=tmp_path)
    brought, missing = done.stdout.splitlines()
    own = {f"scrubjay.{name}" for name in ("client", "consent", "metrics", "trace", "tracker")}
    # Of the standard library: what the interpreter nearly always has. Paths, HTTP, asyncio, logging and the packages of
    # the command (typer, rich) come when they are asked for.
    assert set(brought.split()) <= own | {"scrubjay", "__future__", "atexit", "weakref", "_weakrefset", "types"}
    assert missing == "set()"


def test_the_base_installation_imports_no_package_of_anybody_else(tmp_path: Path) -> None:
    source = (
        "import sys, scrubjay\n"
        "scrubjay.TelemetryRouter, scrubjay.TelemetryService\n"
        "import scrubjay.etl, scrubjay.tables, scrubjay.integrations.asgi, scrubjay.integrations.logging\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert set(done.stdout.split()) <= {
        "__main__",
        "_virtualenv",
        "scrubjay",
        "_distutils_hack",
        "sitecustomize",
        "usercustomize",
    }


def test_the_extras_name_every_framework_that_is_bridged() -> None:
    text = (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")
    extras = set(re.findall(r"^(\w+) = \[\"", text.partition("[project.optional-dependencies]")[2], re.MULTILINE))
    bridges = {path.stem for path in (PACKAGE / "python/scrubjay/integrations").glob("[a-z]*.py")} - {"logging"}
    names = {"asgi": "fastapi", "opentelemetry": "otel"}
    assert {names.get(bridge, bridge) for bridge in bridges} <= extras


@pytest.mark.skipif(shutil.which("cargo") is None, reason="the source distribution is made by cargo's metadata")
def test_the_source_distribution_has_all_that_it_is_built_from(tmp_path: Path) -> None:
    maturin = Path(sys.executable).parent / "maturin"
    if not maturin.exists():
        pytest.skip("maturin is not in this environment: make build-python installs it")
    command = [str(maturin), "sdist", "-m", str(PACKAGE / "Cargo.toml"), "-o", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as stream:
        stream.extractall(tmp_path, filter="data")
    (root,) = (path for path in tmp_path.iterdir() if path.is_dir())
    # What a build reads first: the locked graph of crates, without asking anybody for more.
    cargo = shutil.which("cargo") or ""
    metadata = [cargo, "metadata", "--offline", "--locked", "--format-version", "1", "--no-deps"]
    subprocess.run(metadata, check=True, capture_output=True, cwd=root)
    there = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    sources = {str(path.relative_to(PACKAGE.parent)) for path in (PACKAGE / "src").glob("*.rs")}
    assert sources <= there
    assert {"core/src/lib.rs", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.lock"} <= there
    python = {name for name in there if name.endswith(("scrubjay/py.typed", "scrubjay/_scrubjay.pyi"))}
    assert len(python) == 2
    assert not [name for name in there if name.endswith((".so", ".pyc"))]


#: Where `make` builds.
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", PACKAGE.parent / "target"))


@pytest.mark.skipif(shutil.which("cargo") is None, reason="pip builds with cargo")
@pytest.mark.skipif(not (BUILT / "release/lib_scrubjay.so").exists(), reason="nothing is built yet: make build-python")
def test_pip_installs_the_source_folder_into_a_plain_environment(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "plain")], check=True)
    python = str(tmp_path / "plain/bin/python")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment["CARGO_TARGET_DIR"] = str(BUILT)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(PACKAGE)]
    done = subprocess.run(install, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    source = (
        "import json, scrubjay\n"
        "with scrubjay.TelemetryRouter('kept') as router:\n"
        "    assert router.track('app', 'login', {'to': 'ann@example.com'})\n"
        "print(scrubjay.__version__, next(router.replay('app'))['payload'])\n"
    )
    done = subprocess.run([python, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split(maxsplit=1)[1:] == ["{'to': '[email]'}\n"], done.stderr
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    )
    # The base installation has no dependencies.
    brought = {line.partition("==")[0] for line in listed.stdout.split()} - {"pip", "setuptools"}
    assert brought == {"scrubjay"}
