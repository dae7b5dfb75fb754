"""The form of a run's id: the moment at which the request was accepted, so that ids sort by time, and a random end."""

import re
from datetime import datetime

_FORM = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


def is_run_id(text: str) -> bool:
    """Whether a run may have this id. What comes from outside must be asked before it becomes part of a name."""
    return _FORM.fullmatch(text) is not None


def minted(moment: datetime, ending: str) -> str:
    """The id of a run that was accepted at this moment; `ending` is six random hexadecimal digits."""
    return f"{beginning(moment)}-{ending}"


def beginning(moment: datetime) -> str:
    """What all ids of this second begin with. Ids of earlier runs are smaller as text."""
    return f"{moment:%Y%m%dT%H%M%SZ}"
