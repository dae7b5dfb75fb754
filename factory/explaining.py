"""The command `explain`: why a lab gets an image or does not, step by step."""

from pathlib import Path

from rich.text import Text

from factory.console import make_console, print_json
from factory.plans import outlook, refuse_unusable
from shared.domain import explain as explaining
from shared.domain.explain import Answer
from shared.web import explanations

VERDICTS = {
    "gets": ("gets", "green"),
    "has": ("has", "green"),
    "blocked": ("does not get", "bold red"),
    "not-wanted": ("does not get", "yellow"),
    "not-saved": ("does not get", "bold red"),
    "not-listed": ("does not get", "bold red"),
}


def explain(lab: str, image: str, labs: Path | None, world: Path | None, *, as_json: bool) -> int:
    """Say it for each image that `image` names; 0 when the lab gets or has all of them."""
    refuse_unusable(labs)
    console = make_console(as_json=as_json)
    with outlook(labs, world, lambda what: console.print(Text(what), soft_wrap=True)) as seen:
        answers = explaining.explain(seen.labs, seen.plan, seen.catalogue, lab, image)
    if as_json:
        print_json({"answers": [{**each.to_json(), "explanation": _words(each)} for each in answers]})
    else:
        for each in answers:
            words, style = VERDICTS[each.verdict]
            place = f" ({each.place} of labs.json)" if each.place else ""
            text = Text.assemble(f"The lab {each.lab}{place} ", (words, style), f" the image {each.image_path}")
            console.print(text, soft_wrap=True)
            for reason in (*each.because, *filter(None, [_words(each)])):
                console.print(Text(f"  - {reason}"), soft_wrap=True)
    return 0 if all(each.verdict in ("gets", "has") for each in answers) else 1


def _words(answer: Answer) -> str:
    return str(explanations.explain(answer.reason)) if answer.reason else ""
