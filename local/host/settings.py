"""What configures the host: `host.json` of the app and the app settings of the process. Nothing is written here."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from local.host.errors import SettingError

_SETTING = re.compile(r"%([^%\s]+)%")
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?")
# Threads for HTTP and storage triggers, beside those of the durable functions.
_OTHER_THREADS = 32


@dataclass(frozen=True)
class DurableLimits:
    """How many durable functions run at once; the extension's default is 10 for each processor, one is assumed."""

    activities: int = 10
    orchestrators: int = 10
    entities: int = 10
    hub_name: str = "TestHubName"

    @property
    def threads(self) -> int:
        """Size of the worker's thread pool: turns must never wait behind activities that block."""
        return self.activities + self.orchestrators + self.entities + _OTHER_THREADS


@dataclass(frozen=True)
class QueueLimits:
    """The `queues` section of host.json; times in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: int = 0
    base64: bool = True


@dataclass(frozen=True)
class HostSettings:
    """host.json as far as this host honours it; `function_timeout` is in seconds, None for no limit."""

    durable: DurableLimits
    queues: QueueLimits
    route_prefix: str
    function_timeout: float | None
    blob_parallelism: int
    poison_blob_threshold: int


def read_host_json(app_dir: Path) -> HostSettings:
    """Read the app's host.json; `SettingError` names the entry that is wrong."""
    path = app_dir / "host.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingError(f"{path} is missing: --app must name the folder of a function app") from None
    except ValueError as error:
        raise SettingError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise SettingError(f'{path} must be a JSON object, such as {{"version": "2.0"}}')
    extensions = _Section(document, "host.json").section("extensions")
    blobs = extensions.section("blobs")
    return HostSettings(
        durable=_durable(extensions.section("durableTask")),
        queues=_queues(extensions.section("queues")),
        route_prefix=extensions.section("http").text("routePrefix", "api").strip("/"),
        function_timeout=_timeout(_Section(document, "host.json").text("functionTimeout", "00:30:00")),
        blob_parallelism=blobs.number("maxDegreeOfParallelism", 8, 1),
        poison_blob_threshold=blobs.number("poisonBlobThreshold", 5, 1),
    )


def _durable(section: "_Section") -> DurableLimits:
    return DurableLimits(
        activities=section.number("maxConcurrentActivityFunctions", 10, 1),
        orchestrators=section.number("maxConcurrentOrchestratorFunctions", 10, 1),
        entities=section.number("maxConcurrentEntityFunctions", 10, 1),
        hub_name=section.text("hubName", "TestHubName"),
    )


def _queues(section: "_Section") -> QueueLimits:
    batch_size = section.number("batchSize", 16, 1, 32)
    encoding = section.text("messageEncoding", "base64").lower()
    if encoding not in ("base64", "none"):
        raise SettingError(f'host.json: extensions.queues.messageEncoding must be "base64" or "none", not "{encoding}"')
    return QueueLimits(
        batch_size=batch_size,
        new_batch_threshold=section.number("newBatchThreshold", batch_size // 2, 0),
        max_dequeue_count=section.number("maxDequeueCount", 5, 1),
        visibility_timeout=int(_time_span(section.text("visibilityTimeout", "00:00:00"), "visibilityTimeout")),
        base64=encoding == "base64",
    )


def _timeout(text: str) -> float | None:
    return None if text == "-1" else _time_span(text, "functionTimeout")


def _time_span(text: str, name: str) -> float:
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        raise SettingError(f'host.json: {name} must be a time such as "00:05:00", not "{text}"')
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()


@dataclass(frozen=True)
class _Section:
    """One object of host.json with its path, so that an error can name the place."""

    content: Mapping[str, Any]
    path: str

    def section(self, name: str) -> "_Section":
        content = self.content.get(name, {})
        if not isinstance(content, dict):
            raise SettingError(f"{self.path}: {name} must be an object")
        return _Section(content, f"{self.path}: {name}" if self.path == "host.json" else f"{self.path}.{name}")

    def number(self, name: str, default: int, low: int, high: int = 1_000_000) -> int:
        value = self.content.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SettingError(f"{self.path}.{name} must be a whole number from {low} to {high}, not {value!r}")
        return value

    def text(self, name: str, default: str) -> str:
        value = self.content.get(name, default)
        if not isinstance(value, str):
            raise SettingError(f"{self.path}.{name} must be a text, not {value!r}")
        return value


def resolve_settings(value: str, settings: Mapping[str, str], place: str) -> str:
    """Replace each `%NAME%` by that app setting; `SettingError` names the setting that is missing."""

    def look_up(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in settings:
            raise SettingError(f"{place} uses %{name}%, but there is no app setting {name}: set that variable")
        return settings[name]

    return _SETTING.sub(look_up, value)
