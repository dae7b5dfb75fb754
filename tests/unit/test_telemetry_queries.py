"""The queries of infra/telemetry ask only for spans, attributes and columns that there are."""

import re
from pathlib import Path

import pytest

from shared.domain import telemetry
from tests.unit.domain.test_report import a_delivery
from tests.unit.domain.test_telemetry import a_plan, a_trace, spans_of

QUERIES = sorted((Path(__file__).parents[2] / "infra" / "telemetry").glob("*.kql"))
NAMES = {telemetry.RUN, telemetry.SAVE, telemetry.REGION, telemetry.IMAGE}
# Columns of the table `dependencies` in Application Insights that the exporter fills for such a span.
COLUMNS = {"timestamp", "name", "success", "duration", "customDimensions", "operation_Id"}


def emitted() -> set[str]:
    """Every attribute that some span carries."""
    died = spans_of(a_plan(a_delivery()), error={"code": "run-died", "message": "It died."})
    return {name for span in (*a_trace().values(), *died.values()) for name in span.attributes}


def code(query: Path) -> str:
    return re.sub(r"//.*", "", query.read_text(encoding="utf-8"))


def test_there_are_queries_for_the_two_questions() -> None:
    assert [query.stem for query in QUERIES] == ["how-old-are-the-images", "what-failed-last-night"]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_every_attribute_asked_for_is_emitted(query: Path) -> None:
    asked = set(re.findall(r'customDimensions\["([^"]+)"\]', code(query)))
    assert asked
    assert asked - emitted() == set()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_every_span_named_exists(query: Path) -> None:
    text = re.sub(r'customDimensions\["[^"]+"\]', "", code(query))
    named = set(re.findall(r'"(image_factory\.[^"]+)"', text))
    assert named
    assert named - NAMES == set()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_every_column_is_the_tables_or_was_made_before(query: Path) -> None:
    text = re.sub(r'"[^"]*"', '""', code(query))
    made = set(re.findall(r"\b(\w+) = ", text))
    functions = set(re.findall(r"\b(\w+)\(", text))
    words = set(re.findall(r"[A-Za-z_]\w*", text))
    syntax = {
        *("let", "dependencies", "where", "in", "false", "extend", "summarize", "by", "join", "kind", "leftouter"),
        *("project", "distinct", "on", "order", "asc", "desc", "d"),
    }
    assert words - made - functions - syntax - COLUMNS == set()
