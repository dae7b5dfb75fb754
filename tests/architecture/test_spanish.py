"""The Spanish documents are in step with the English ones: the same headings, commands, links and tables."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PAIRS = [
    ("README.md", "README.es.md"),
    ("docs/migrate-from-powershell.md", "docs/migrate-from-powershell.es.md"),
]
BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def headings(path: str) -> list[str]:
    """The levels of the headings, in order."""
    return re.findall(r"^(#+) ", BLOCK.sub("", text(path)), re.MULTILINE)


def blocks(path: str) -> list[str]:
    """What stands in code blocks, without comments, which are translated."""
    return [re.sub(r" +# .*", "", block) for block in BLOCK.findall(text(path))]


def inline(path: str) -> list[str]:
    """What stands between backticks, in any order: the order of words differs between languages."""
    return sorted(re.findall(r"`([^`\n]+)`", BLOCK.sub("", text(path))))


def links(path: str) -> list[str]:
    """Where links lead, apart from the language of what they lead to."""
    return sorted(link.replace(".es.md", ".md") for link in re.findall(r"\]\(([^)]+)\)", text(path)))


def rows(path: str) -> list[int]:
    """The number of cells of each line of a table."""
    return [line.count("|") for line in text(path).splitlines() if line.startswith("|")]


@pytest.mark.parametrize("read", [headings, blocks, inline, rows], ids=lambda each: each.__name__)
@pytest.mark.parametrize(("english", "spanish"), PAIRS)
def test_both_languages_say_the_same(english: str, spanish: str, read: object) -> None:
    assert callable(read)
    assert read(english) == read(spanish)
    assert read(english)


@pytest.mark.parametrize(("english", "spanish"), PAIRS)
def test_each_language_leads_to_the_other_and_to_the_same_places(english: str, spanish: str) -> None:
    assert f"]({Path(spanish).name})" in text(english)
    assert f"]({Path(english).name})" in text(spanish)
    assert links(english) == links(spanish)


@pytest.mark.parametrize("path", [path for pair in PAIRS for path in pair])
def test_every_link_into_the_repository_leads_somewhere(path: str) -> None:
    own = [link for link in re.findall(r"\]\(([^)#]+)", text(path)) if "://" not in link]
    assert [link for link in own if not (ROOT / path).parent.joinpath(link).exists()] == []
