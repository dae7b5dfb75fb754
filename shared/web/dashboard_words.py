"""How the dashboard's script names and marks the statuses of runs and the states of images. It holds no data."""

from shared.domain.report import FINAL
from shared.web.marks import Mark
from shared.web.report_view import TITLES, TONES

STATES = (
    Mark("newest", "newest", "✓", "good"),
    Mark("older", "an older version", "↑", "warn"),
    Mark("never", "never delivered", "∅", "bad"),
    Mark("broken", "failed in the lab", "✕", "bad"),
    Mark("making", "being made", "…", "info"),
    Mark("not-saved", "not saved any more", "⊘", "mild"),
    Mark("unknown", "not known", "?", "mild"),
)
_GOING_ON = {"Waiting": "mild", "Merged": "mild", "Running": "info", "Cancelling": "warn"}


def all_words() -> dict[str, dict[str, dict[str, str]]]:
    """By status of a run its words and tone; by state of an image its words, sign and tone."""
    statuses = {each: {"words": each, "tone": tone} for each, tone in _GOING_ON.items()}
    statuses |= {each: {"words": TITLES.get(each, each), "tone": TONES.get(each, "warn")} for each in FINAL}
    states = {mark.outcome: {"words": mark.words, "sign": mark.sign, "tone": mark.tone} for mark in STATES}
    return {"statuses": statuses, "states": states}
