"""The runbook has a line for every code that the product gives, and says of reasons what the report says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from shared.domain.original_rules import Code
from shared.domain.storage import CopyStatus
from shared.web.explanations import EXPLANATIONS
from tests.architecture.source import ROOT, modules, relative, tree

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SECTION = RUNBOOK[RUNBOOK.index("## Reasons and error codes") :]
# The rows of the comparison with the scripts are in another document; the pages only show codes.
ELSEWHERE = ("shared/domain/original_rules.py", "shared/web/")
WORD = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# What takes a code: calls by the name of what is called, with the code as their first text.
TAKERS = {
    "Conflict", "Denied", "Fault", "GatewayError", "NotFound", "Problem", "Refused", "RequestError", "Row", "Throttled",
    "Unavailable", "Verdict", "__init__", "error", "finding_at", "warn",
}  # fmt: skip
# Texts in the form of a code: names in storage and in HTTP, encodings, and what `explain` and the fleet call a state.
OTHER_WORDS = {
    "image-factory", "image-factory-access-check", "image-factory-reports", "image-factory-requests",
    "image-factory-runs", "imagefactory-staging",
    "no-cache", "no-referrer", "no-store", "x-ms-error-code", "x-ms-request-id", "utf-8-sig",
    "not-listed", "not-saved", "not-wanted",
}  # fmt: skip
# `copy-` and the status with which the storage service ended a copy that did not succeed.
OF_COPIES = {f"copy-{status}" for status in CopyStatus} - {"copy-pending", "copy-success"}


def product() -> list[Path]:
    return [module for module in modules("shared") if not relative(module).startswith(ELSEWHERE)]


def words(module: ast.Module) -> Iterator[str]:
    """Texts that are codes by their form, `like-this`, wherever they stand, and words where a code must stand."""
    for node in ast.walk(module):
        match node:
            case ast.Constant(str() as text) if "-" in text:
                yield text
            case ast.Call(ast.Name(name) | ast.Attribute(_, name), arguments) if name in TAKERS:
                texts = [
                    each.value for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str)
                ]
                yield from texts[:1]
            case ast.keyword("code", ast.Constant(str() as text)):
                yield text
            case ast.Dict(keys, values):
                named = zip(keys, values, strict=True)
                yield from (
                    str(value.value)
                    for key, value in named
                    if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant)
                )


def codes() -> set[str]:
    """Every code of a reason, an error or a finding that the product may give."""
    found = {word for module in product() for word in words(tree(module)) if WORD.fullmatch(word)}
    assert found >= OTHER_WORDS, "this test leaves out what is not there any more"
    return (found - OTHER_WORDS) | OF_COPIES


def lines(document: str) -> list[str]:
    return re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| [^|]+ \|$", document, re.MULTILINE)


def test_codes_are_found_in_every_form_that_the_code_gives_them() -> None:
    given = """
        Finding(severity=Severity.ERROR, code="one", message="No.")
        raise RequestError(404, "two", f"There is no {three}.")
        {"state": "failed", "code": "four", "message": message}
        def skip(): return "five-six"
    """
    found = {word for word in words(ast.parse("if True:\n" + given)) if WORD.fullmatch(word)}
    assert found == {"one", "two", "four", "five-six"}


@pytest.mark.parametrize("code", sorted(codes() | EXPLANATIONS.keys()))
def test_the_runbook_has_a_line_for_each_code(code: str) -> None:
    assert lines(SECTION).count(code) == 1


def test_the_runbook_has_no_line_for_what_is_never_said() -> None:
    assert set(lines(SECTION)) - codes() - EXPLANATIONS.keys() == set()


def test_the_report_explains_nothing_that_is_never_said() -> None:
    # Words without a hyphen that a function returns are not told from other words.
    assert EXPLANATIONS.keys() - codes() == {"cancelled", "gen2", "repair"}


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_the_runbook_says_of_a_reason_what_the_report_says(code: str) -> None:
    explanation = EXPLANATIONS[code]
    assert f"| `{code}` | {explanation.meaning} | {explanation.remedy or 'nothing'} |" in SECTION.splitlines()


@pytest.mark.parametrize("document", ["migrate-from-powershell.md", "migrate-from-powershell.es.md"])
def test_each_code_of_the_comparison_with_the_scripts_is_explained(document: str) -> None:
    assert sorted(lines((ROOT / "docs" / document).read_text(encoding="utf-8"))) == sorted(get_args(Code))
