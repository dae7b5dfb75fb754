"""What is wrong with a world file, in sentences that name the place and the remedy. It checks nothing itself."""

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from local.cloud.errors import EmulatorError


class WorldError(EmulatorError):
    """A world file that cannot be used; `mistakes` holds one sentence per mistake, each with its place."""

    def __init__(self, source: str, mistakes: Sequence[str]) -> None:
        self.source = source
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(f"{source}: {mistake}" for mistake in self.mistakes))


def sentences(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Yield what is wrong with an input that `model` refused, one sentence per mistake, each with its place."""
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"])
        if detail["type"] == "missing":
            yield f"{place}: is required"
        elif detail["type"] == "extra_forbidden":
            yield f"{place}: unknown key{_did_you_mean(detail['loc'], model)}"
        elif detail["type"] == "entry":
            below = detail.get("ctx", {}).get("place")
            yield f"{place}.{below}: {detail['msg']}" if below else f"{place}: {detail['msg']}"
        else:
            yield f"{place}: {detail['msg']}, not {_shown(detail['input'])}"


def _place(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "the document"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _did_you_mean(location: tuple[int | str, ...], model: Any) -> str:
    for part in location[:-1]:
        if isinstance(part, str):
            fields = {info.alias or name: info for name, info in getattr(model, "model_fields", {}).items()}
            annotation = fields[part].annotation if part in fields else None
            model = next((kind for kind in (annotation, *get_args(annotation)) if hasattr(kind, "model_fields")), None)
    known = [info.alias or name for name, info in getattr(model, "model_fields", {}).items()]
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known keys: {', '.join(known)}" if known else ""
