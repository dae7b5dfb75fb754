"""The command `fleet`: which version of each image every lab has, how old it is, and what never came."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from factory.console import make_console, print_json
from factory.plans import outlook, refuse_unusable
from factory.tables import table

STATES = {
    "newest": "green",
    "older": "yellow",
    "never": "bold red",
    "making": "cyan",
    "broken": "bold red",
    "not-saved": "yellow",
    "unknown": "bold red",
}


def fleet(labs: Path | None, world: Path | None, *, as_json: bool) -> int:
    """Show the fleet as it is now; always 0."""
    refuse_unusable(labs)
    console = make_console(as_json=as_json)
    with outlook(labs, world, lambda what: console.print(Text(what), soft_wrap=True)) as seen:
        found = seen.fleet.to_json()
    if as_json:
        print_json(found)
        return 0
    now = datetime.now(UTC)
    newest = [(each, each.get("problem") or "") for each in found["images"]]
    rows = [(Text(each["imagePath"]), *_version(each, now), Text(problem, style="red")) for each, problem in newest]
    console.print(table("Newest saved images", ("Image path", "Image", "Age", "Problem"), rows))
    held = [_row(lab, each, now) for lab in found["labs"] for each in lab["images"]]
    console.print(table("Labs", ("Lab", "Region", "Image path", "State", "Image", "Age"), held))
    for lab in found["labs"]:
        if lab.get("problem"):
            console.print(Text(f"The lab {lab['lab']} could not be looked at: {lab['problem']}.", style="red"))
    return 0


def _row(lab: Mapping[str, Any], held: Mapping[str, Any], now: datetime) -> Sequence[Text]:
    state = held["state"] if held["wanted"] else f"{held['state']}, not wanted"
    shown = Text(state, style=STATES.get(held["state"], ""))
    return Text(lab["lab"]), Text(lab.get("region") or ""), Text(held["imagePath"]), shown, *_version(held, now)


def _version(entry: Mapping[str, Any], now: datetime) -> tuple[Text, Text]:
    """The image's name, and how many days ago it was saved."""
    at = entry.get("savedAt")
    days = (now - datetime.fromisoformat(at)).days if at else None
    age = "" if days is None else "today" if days <= 0 else "1 day" if days == 1 else f"{days} days"
    return Text(entry.get("imageName") or "none"), Text(age)
