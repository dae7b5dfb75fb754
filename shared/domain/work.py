"""What the activities of a run work from, and the notes of what became of it. Records only; they decide nothing."""

from datetime import datetime
from typing import Literal

from shared.domain.models import PlannedDelivery, Record, SavedImage


class RegionWork(Record):
    """What the activities of one region work from, frozen as runs/<id>/regions/<region>.json.

    `pairs` is in the order of the region's shape; `images` in the order in which the shape counts them.
    """

    run_id: str
    factory: str  # lower-cased id of the factory lab
    factory_region: str
    region: str
    home: bool
    hub: str | None = None  # account that holds the region's hub copies
    images: tuple[SavedImage, ...]
    pairs: tuple[PlannedDelivery, ...]


class CopyNote(Record):
    """What became of one copy of a region; `target` and `source` as domain.relay names them."""

    target: str
    source: str
    state: Literal["finished", "failed", "cancelled"]
    code: str | None = None
    message: str | None = None
    bytes: int = 0
    seconds: float = 0


class ImageNote(Record):
    """What became of one custom image of a region; `pair` indexes the region's pairs."""

    pair: int
    state: Literal["delivered", "failed", "cancelled"]
    code: str | None = None
    message: str | None = None
    seconds: float = 0


class Pass(Record):
    """What one pass over a region learned, kept in the journal at a moment (UTC) that earlier versions did not note."""

    at: datetime | None = None
    copies: tuple[CopyNote, ...] = ()
    images: tuple[ImageNote, ...] = ()


class SaveNote(Record):
    """What became of one save; `save` indexes Plan.saves. `ended_at` (UTC) is known once it lies in the journal."""

    save: int
    state: Literal["saved", "failed", "cancelled"]
    code: str | None = None
    message: str | None = None
    bytes: int = 0
    seconds: float = 0
    ended_at: datetime | None = None
