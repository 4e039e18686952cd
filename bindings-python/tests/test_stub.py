"""What type checkers are told is what there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import scrubjay
from scrubjay import ScrubjayError, _native


def test_the_stub_has_the_native_module_s_names_parameters_and_defaults(tmp_path: Path) -> None:
    # In an empty folder, so that no configuration or cache of mypy takes part.
    command = [sys.executable, "-m", "mypy.stubtest", "scrubjay._scrubjay"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_raised_error_has_the_attributes_of_the_stub_s() -> None:
    with pytest.raises(ScrubjayError) as caught:
        _native.panic_for_test()
    assert {name: type(value) for name, value in vars(caught.value).items()} == {
        "code": str,
        "path": str,
        "message": str,
    }


def test_the_package_exports_all_that_it_names() -> None:
    assert [name for name in scrubjay.__all__ if not hasattr(scrubjay, name)] == []
