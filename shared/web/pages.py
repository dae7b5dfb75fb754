"""The pages as text: each is one HTML document that holds its style and its script and asks no other host for anything.

Its policy allows exactly the style and the script that are in it; everything else is text, escaped.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.domain.report import Report
from shared.web import dashboard_words, marks, report_view, timeline_view

if TYPE_CHECKING:
    from jinja2 import Template

FOLDER = Path(__file__).parent
STYLES = {"report": ("report.css",), "dashboard": ("report.css", "dashboard/dashboard.css")}
SCRIPTS = {
    "report": ("report.js",),
    "dashboard": tuple(f"dashboard/{part}.js" for part in ("dom", "api", "runs", "fleet", "board")),
}


def report_html(report: Report) -> str:
    """The report of a run as one self-contained HTML document."""
    deliveries = report_view.delivery_rows(report)
    paths = report_view.columns(deliveries)
    return _template("report").render(
        report=report,
        verdict=report_view.verdict(report),
        problems=report_view.problems(report),
        saves=report_view.save_rows(report),
        deliveries=deliveries,
        columns=paths,
        matrix=report_view.matrix(deliveries, paths),
        legend=report_view.legend(deliveries),
        timeline=timeline_view.view(report),
        regions=sorted({row.region for row in deliveries if row.region}),
        facts=report_view.facts(report),
    )


@cache
def dashboard_html() -> str:
    """The dashboard: the same for everybody, with no data in it. It may call the app that it came from."""
    # A `<` could end the element that these words are in.
    words = json.dumps(dashboard_words.all_words()).replace("<", "\\u003c")
    return _template("dashboard").render(states=dashboard_words.STATES, words=words)


@cache
def _template(page: str) -> "Template":
    # Imported here: most functions of the app never make a page, and all of them wait for what is imported above.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["size"] = marks.size
    environment.globals["style"] = _joined(STYLES[page])
    environment.globals["script"] = _joined(SCRIPTS[page])
    environment.globals["policy"] = _policy(page)
    return environment.get_template(f"{page}.html")


def _policy(page: str) -> str:
    """What a page may do. A report that the dashboard opens inherits the dashboard's policy, which allows for it."""
    pages = (page, "report") if page == "dashboard" else (page,)
    rules = {
        "default-src": "'none'",
        "style-src": " ".join(_hash(_joined(STYLES[each])) for each in pages),
        "script-src": " ".join(_hash(_joined(SCRIPTS[each])) for each in pages),
        "img-src": "data:",
        "connect-src": "'self'" if page == "dashboard" else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _joined(names: tuple[str, ...]) -> str:
    return "".join(map(_static, names))


def _static(name: str) -> str:
    """A file of ours with line ends as browsers hash them."""
    return (FOLDER / "static" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
