"""The command `validate`: what a labs.json says, and everything that is wrong with it. By itself it needs no Azure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory import files
from factory.errors import CommandError
from factory.places import annotation, line, place
from shared.domain import labs_file, original_rules
from shared.domain.models import Finding, Severity
from shared.domain.original_rules import Difference


def validate(
    path: Path, *, form: str = "text", compare: bool = False, images: Path | None = None, world: Path | None = None
) -> int:
    """Print each finding as `file:line:column: severity code: message`; 1 if one of them is an error.

    `form` is `text`, `github` (annotations of a workflow) or `json`. With `compare` also each lab and image for which
    the PowerShell scripts would have decided otherwise, over the paths of `images`, of a world, or of the real Azure.
    """
    content = files.content(path)
    labs = labs_file.parse(content)
    differences = _differences(path, content, images, world) if compare else ()
    if form == "json":
        _print_json(labs.findings, differences if compare else None)
    else:
        _print(path, labs.findings, differences, form)
    errors = sum(finding.severity is Severity.ERROR for finding in labs.findings)
    if form == "text":
        print(f"{path}: {len(labs.labs)} usable labs, {errors} errors, {len(labs.findings) - errors} warnings")
        if compare:
            print(f"{path}: {len(differences)} differences from the PowerShell scripts")
    return 1 if errors else 0


def image_paths(place: Path) -> tuple[str, ...]:
    """The image paths of a folder of definitions (its .json files), or of a text file with one a line."""
    if place.is_dir():
        found = sorted(
            file.relative_to(place).as_posix() for file in place.rglob("*") if file.suffix.lower() == ".json"
        )
    else:
        found = [text.strip() for text in files.text(place).splitlines() if text.strip()]
    if not found:
        raise CommandError(f"{place} has no image paths: name a folder with .json files, or a file with one a line.")
    return tuple(found)


def _differences(path: Path, content: bytes, images: Path | None, world: Path | None) -> tuple[Difference, ...]:
    if images is not None:
        return original_rules.compare(content, image_paths(images))
    from factory.plans import outlook

    with outlook(path, world, lambda what: None) as seen:
        known = [image.record.image_path for image in seen.catalogue.images]
        chosen = original_rules.compare(content, sorted(dict.fromkeys(known)))
        return (*chosen, *original_rules.compare_plan(seen.labs, seen.plan, seen.catalogue))


def _print(path: Path, findings: Sequence[Finding], differences: Sequence[Difference], form: str) -> None:
    for finding in findings:
        print(line(path, finding) if form == "text" else annotation(path, finding.severity.value, finding))
    for each in differences:
        text = f"{place(path, each)}: difference {each.code}: {each.message}"
        print(text if form == "text" else annotation(path, "notice", each))


def _print_json(findings: Sequence[Finding], differences: Sequence[Difference] | None) -> None:
    from factory.console import print_json

    errors = any(each.severity is Severity.ERROR for each in findings)
    document: dict[str, Any] = {"valid": not errors, "findings": [each.to_json() for each in findings]}
    if differences is not None:
        document["differences"] = [each.to_json() for each in differences]
    print_json(document)
