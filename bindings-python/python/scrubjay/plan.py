"""Tracking plans: JSON Schemas for the payload of each `channel.event`, as files or mappings.

A plan takes effect as the member `plan` of a configuration; here it is checked and compared by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from scrubjay import _native
from scrubjay._json import octets
from scrubjay._types import PlanDiff, PlanFigures

Plan: TypeAlias = Mapping[str, Any] | str
"""A tracking plan: a mapping, or its JSON text."""


def plan_check(plan: Plan) -> PlanFigures:
    """What `plan` holds. Raises `ScrubjayError` (`config_invalid`, `config_unknown_key`) where it cannot be used."""
    return cast(PlanFigures, json.loads(_native.plan_check(_text(plan))))


def plan_diff(old: Plan, new: Plan) -> PlanDiff:
    """What a change from `old` to `new` means. The path of a `ScrubjayError` begins with `/old` or `/new`."""
    return cast(PlanDiff, json.loads(_native.plan_diff(_text(old), _text(new))))


def _text(plan: Plan) -> str:
    return plan if isinstance(plan, str) else octets(plan).decode()
