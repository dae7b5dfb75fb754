"""Report -> the text of one HTML page that holds everything it needs and asks for nothing else.

Its policy allows exactly the style and the script that are in it; everything else is text, escaped.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.domain.report import Report
from shared.web import marks, report_view

if TYPE_CHECKING:
    from jinja2 import Template

FOLDER = Path(__file__).parent


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
        regions=sorted({row.region for row in deliveries if row.region}),
        facts=report_view.facts(report),
    )


@cache
def _template(page: str) -> "Template":
    # Imported here: most functions of the app never make a page, and all of them wait for what is imported above.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    style, script = _static(f"{page}.css"), _static(f"{page}.js")
    policy = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    environment.filters["size"] = marks.size
    environment.globals["style"] = Markup(style)  # noqa: S704 (our own file)
    environment.globals["script"] = Markup(script)  # noqa: S704 (our own file)
    environment.globals["policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    return environment.get_template(f"{page}.html")


def _static(name: str) -> str:
    """A file of ours with line ends as browsers hash them."""
    return (FOLDER / "static" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
