"""Loads a function app from its folder with the real worker's indexer. Nothing is run here but the app's own import."""

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from azure_functions_runtime.bindings.meta import load_binding_registry
from azure_functions_runtime.handle_event import _functions as worker_registry
from azure_functions_runtime.loader import index_function_app

from local.host.errors import AppError
from local.host.settings import resolve_settings

type Binding = Mapping[str, Any]

_DIRECTIONS = SimpleNamespace(BindingInfo=SimpleNamespace(undefined=0, out=1, inout=2))
_TRIGGERS = (
    "activityTrigger",
    "blobTrigger",
    "entityTrigger",
    "httpTrigger",
    "orchestrationTrigger",
    "queueTrigger",
    "timerTrigger",
)
_INPUTS = ("durableClient",)
_OUTPUTS = ("blob", "http", "queue")
_NAMED_BY = {"orchestrationTrigger": "orchestration", "activityTrigger": "activity", "entityTrigger": "entityName"}


@dataclass(frozen=True)
class Function:
    """One function of the app: its name, its bindings with all settings resolved and the worker's own record of it."""

    name: str
    trigger: Binding
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    info: Any

    @property
    def kind(self) -> str:
        """The trigger's type, such as `httpTrigger`."""
        return str(self.trigger["type"])

    @property
    def durable_name(self) -> str:
        """The name by which orchestrations know an orchestrator, activity or entity."""
        return str(self.trigger.get(_NAMED_BY[self.kind]) or self.name)


def load_functions(app_dir: Path, settings: Mapping[str, str]) -> list[Function]:
    """Import the app and index its functions; possible once in a process.

    Changes the working directory and `sys.path` as the worker does. Raises `AppError` or `SettingError`.
    """
    script = settings.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if not (app_dir / script).is_file():
        raise AppError(f"{app_dir / script} is missing: --app must name the folder of a function app")
    # Every failed invocation is logged there with its whole traceback; the host reports it itself, in one line.
    logging.getLogger("azure.functions").setLevel(logging.CRITICAL)
    os.chdir(app_dir)
    sys.path.insert(0, str(app_dir))
    try:
        load_binding_registry()
        return [to_function(indexed, settings) for indexed in index_function_app(script)]
    except AppError:
        raise
    except Exception as error:
        raise AppError(f"The app in {app_dir} cannot be loaded: {describe(error, app_dir)}") from error


def describe(error: BaseException, app_dir: Path | None = None) -> str:
    """Give type, first line of the message and the last place in the app's own files of an exception."""
    first_line = str(error).partition("\n")[0]
    text = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
    root = app_dir or Path.cwd()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(root) and ".venv" not in path.parts:
            return f"{text} ({path.relative_to(root)}:{frame.lineno})"
    return text


def to_function(indexed: Any, settings: Mapping[str, str]) -> Function:
    """Register one function of `app.get_functions()` with the worker; `AppError` says what this host does not offer."""
    name = str(indexed.get_function_name())
    bindings = [_resolved(json.loads(raw), settings, name) for raw in indexed.get_raw_bindings()]
    triggers = [b for b in bindings if b["type"] in _TRIGGERS]
    others = [b for b in bindings if b not in triggers]
    if len(triggers) != 1:
        kinds = ", ".join(str(b["type"]) for b in bindings) or "none"
        raise AppError(f"Function {name} has no trigger that this host knows (its bindings: {kinds})")
    outputs = tuple(b for b in others if str(b["direction"]).upper() == "OUT")
    inputs = tuple(b for b in others if b not in outputs)
    for binding, known in [*((b, _INPUTS) for b in inputs), *((b, _OUTPUTS) for b in outputs)]:
        if binding["type"] not in known:
            raise AppError(f"Function {name} binds {binding['name']} to {binding['type']}: this host offers {known}")
    if indexed.get_settings_dict("retry_policy"):
        raise AppError(f"Function {name} has a retry policy, which this host does not apply: let the function retry")
    info = worker_registry.add_indexed_function(function=indexed, protos=_DIRECTIONS)
    return Function(name, triggers[0], inputs, outputs, info)


def _resolved(binding: dict[str, Any], settings: Mapping[str, str], function: str) -> Binding:
    place = f"Function {function}, binding {binding['name']}"
    return {k: resolve_settings(v, settings, place) if isinstance(v, str) else v for k, v in binding.items()}
