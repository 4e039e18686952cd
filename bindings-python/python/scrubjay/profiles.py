"""Configurations with a name (R4), as a program's starting point: `Tracker({**profile("debug"), ...})`."""

from __future__ import annotations

import json
from typing import Any, Literal, cast

from scrubjay import _native


def profile(name: Literal["debug", "production", "disabled"], **client: Any) -> dict[str, Any]:
    """A configuration to pass to `Tracker`, with further keys of its section `client`.

    `debug` samples everything and uploads nothing, `production` samples a tenth and needs an `endpoint`, `disabled` is
    off whatever environment and file say. Raises `ScrubjayError` (`argument_invalid`) for another name.
    """
    config = cast(dict[str, Any], json.loads(_native.profile(name)))
    config["client"].update(client)
    return config
