"""The only reader of os.environ in the product. What a setting must be is the domain's to say.

Indexing the app needs two of them, so the rules for the others are loaded with the first call.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.domain.errors import SettingError

if TYPE_CHECKING:
    from shared.domain.setting_rules import Settings

DEFAULT_REFRESH_SCHEDULE = "0 0 3 * * *"
LABS_TRIGGER_SOURCES = ("EventGrid", "Polling")


def read(environment: Mapping[str, str] = os.environ) -> "Settings":
    """The settings, or SettingError that names the first missing or malformed one and says what to do."""
    from shared.domain import setting_rules

    return setting_rules.check(environment)


def labs_trigger_source(environment: Mapping[str, str] = os.environ) -> str:
    """How uploads of labs.json are noticed: EventGrid when deployed, Polling elsewhere (LABS_TRIGGER_SOURCE)."""
    source = environment.get("LABS_TRIGGER_SOURCE", "").strip() or "Polling"
    if source not in LABS_TRIGGER_SOURCES:
        raise SettingError("LABS_TRIGGER_SOURCE", f"is {source!r}.", "Set it to EventGrid or Polling.")
    return source


def refresh_schedule(environment: Mapping[str, str] = os.environ) -> str:
    """When the timer starts a run: NCRONTAB with seconds, UTC (REFRESH_SCHEDULE, by default daily at 03:00)."""
    return environment.get("REFRESH_SCHEDULE", "").strip() or DEFAULT_REFRESH_SCHEDULE
