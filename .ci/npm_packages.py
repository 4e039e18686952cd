#!/usr/bin/env python3
"""Lays npm's packages out for publishing: `npm_packages.py LIBRARIES OUT`.

`LIBRARIES` holds `scrubjay.<platform>.node` of each platform. A package of each, and `scrubjay` that names them as
optional dependencies, so that npm installs the one that fits: as napi-rs lays out its own.
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "bindings-node"

LICENCES = ("LICENSE-APACHE", "LICENSE-MIT")

LIBC = {"gnu": "glibc", "musl": "musl"}
"""npm's words for what platforms call themselves."""


def main(libraries: pathlib.Path, out: pathlib.Path) -> int:
    """Writes all packages; returns the exit code."""
    shutil.rmtree(out, ignore_errors=True)
    manifest = json.loads((SOURCE / "package.json").read_text())
    manifest.pop("private", None)
    manifest.pop("devDependencies", None)
    manifest.pop("scripts", None)
    names = {}
    for library in sorted(libraries.glob("scrubjay.*.node")):
        platform = library.name.split(".")[1]
        names[platform] = platform_package(out / "platforms" / platform, library, platform, manifest)
    if not names:
        print(f"no scrubjay.<platform>.node in {libraries}")
        return 1
    manifest["optionalDependencies"] = dict.fromkeys(names.values(), manifest["version"])
    manifest["files"] = [one for one in manifest["files"] if one != "*.node"] + list(LICENCES)
    main_package(out / "scrubjay", manifest)
    print(f"{len(names)} platforms and scrubjay {manifest['version']} in {out}")
    return 0


def platform_package(folder: pathlib.Path, library: pathlib.Path, platform: str, manifest: dict[str, object]) -> str:
    """A package of one platform; its name."""
    folder.mkdir(parents=True)
    shutil.copy(library, folder)
    system, cpu, *rest = platform.split("-")
    # The name that `lib/native.js` asks for where no library lies beside it.
    name = f"@scrubjay/{platform}"
    own: dict[str, object] = {
        "name": name,
        "version": manifest["version"],
        "description": f"The native part of scrubjay for {platform}.",
        "license": manifest["license"],
        "main": library.name,
        "files": [library.name, *LICENCES],
        "engines": manifest["engines"],
        "os": [system],
        "cpu": [cpu],
    }
    if rest and rest[0] in LIBC:
        own["libc"] = [LIBC[rest[0]]]
    (folder / "package.json").write_text(json.dumps(own, indent=2) + "\n")
    for licence in LICENCES:
        shutil.copy(ROOT / licence, folder)
    return name


def main_package(folder: pathlib.Path, manifest: dict[str, object]) -> None:
    """`scrubjay` without a library: what npm itself would pack, so that no list of files stands here too."""
    command = ["npm", "pack", "--dry-run", "--json"]
    listed = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=True)
    for file in json.loads(listed.stdout)[0]["files"]:
        if not re.search(r"\.node$", file["path"]):
            target = folder / file["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / file["path"], target)
    for licence in LICENCES:
        shutil.copy(ROOT / licence, folder)
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
