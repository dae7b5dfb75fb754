"""The form of a run's id: the moment at which the request was accepted, so that ids sort by time, and a random end."""

import re

_FORM = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


def is_run_id(text: str) -> bool:
    """Whether a run may have this id. What comes from outside must be asked before it becomes part of a name."""
    return _FORM.fullmatch(text) is not None
