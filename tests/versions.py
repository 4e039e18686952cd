"""Checks that all packages carry one version: the workspace's. `make lint` runs this."""

from __future__ import annotations

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main() -> int:
    """Prints every package whose version differs; returns the exit code."""
    workspace = found(ROOT / "Cargo.toml", r'(?m)^version = "([^"]+)"')
    versions = {
        "bindings-node/package.json": json.loads((ROOT / "bindings-node/package.json").read_text())["version"],
        "bindings-node/collector/package.json": json.loads((ROOT / "bindings-node/collector/package.json").read_text())[
            "version"
        ],
        "bindings-dart/pubspec.yaml": found(ROOT / "bindings-dart/pubspec.yaml", r"(?m)^version: (\S+)"),
        "CHANGELOG.md": found(ROOT / "CHANGELOG.md", r"(?m)^## (\d\S*)"),
    }
    for crate in ("core", "bindings-python", "bindings-node", "bindings-dart"):
        inherited = "version.workspace = true" in (ROOT / crate / "Cargo.toml").read_text()
        versions[f"{crate}/Cargo.toml"] = workspace if inherited else "its own"
    # maturin takes the wheel's version from the crate.
    dynamic = 'dynamic = ["version"]' in (ROOT / "bindings-python/pyproject.toml").read_text()
    versions["bindings-python/pyproject.toml"] = workspace if dynamic else "its own"
    wrong = {place: version for place, version in versions.items() if version != workspace}
    for place, version in wrong.items():
        print(f"{place}: {version}, but the workspace is at {workspace}")
    if not wrong:
        print(f"versions: {len(versions)} places at {workspace}")
    return 1 if wrong else 0


def found(path: pathlib.Path, pattern: str) -> str:
    """The first match of `pattern` in a file."""
    match = re.search(pattern, path.read_text())
    return match.group(1) if match else "none"


if __name__ == "__main__":
    sys.exit(main())
