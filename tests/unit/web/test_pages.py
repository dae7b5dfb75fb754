"""The page of a report as a browser gets it: whole, safe and usable."""

import base64
import hashlib
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest

from shared.web.pages import report_html
from tests.unit.web.reports import FULL, delivery, finding, report, save

VOID = {"meta", "link", "input", "br", "wbr"}


class Page(HTMLParser):
    """Tags with their attributes, what stands in style and script, and whether all that was opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.open: list[str] = []
        self.raw: dict[str, str] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.raw[self.open[-1]] = data
        else:
            self.text += data

    def all(self, tag: str) -> list[Mapping[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report_html(FULL))


def test_everything_that_is_opened_is_closed(page: Page) -> None:
    assert page.open == []


def test_the_page_asks_for_nothing_outside_itself(page: Page) -> None:
    addresses = [each[name] for _, each in page.tags for name in ("src", "href", "action", "srcset") if name in each]
    assert all(address and (address.startswith("#") or address == "data:,") for address in addresses)
    assert not re.search(r"@import|url\(", page.raw["style"])
    assert not re.search(r"\bfetch\(|XMLHttpRequest|import\(|https?:", page.raw["script"])


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page(page: Page) -> None:
    policy = next(each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.raw[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy


def test_no_element_has_a_style_or_a_handler_of_its_own(page: Page) -> None:
    assert [tag for tag, each in page.tags if any(name == "style" or name.startswith("on") for name in each)] == []


def test_names_from_outside_are_text_and_never_markup() -> None:
    evil = '"><script>alert(1)</script>'
    html = report_html(
        report(
            saves=(save(evil, "failed", reason=evil, error_code=evil),),
            deliveries=(delivery(evil, image_name=evil, image_path=evil, region=evil),),
            findings=(finding(message=evil, path=evil, code=evil),),
            labs_etag=evil,
        )
    )
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 9


def test_the_verdict_comes_first_and_names_the_page() -> None:
    html = report_html(FULL)
    assert "<title>Partially succeeded: image factory run 20261123T030000Z-1a2b3c</title>" in html
    assert html.index("Partially succeeded</strong>") < html.index("<h2")
    assert re.findall(r"<h2[^>]*>([^<]+)", html) == [
        "What failed, and what to do",
        "Labs and images",
        "Machines of the factory",
        "Deliveries",
        "Findings",
        "Copies between regions",
        "The run",
    ]


def test_every_mark_of_the_matrix_leads_to_its_delivery_and_says_what_it_means(page: Page) -> None:
    marks = [each for each in page.all("a") if "aria-label" in each]
    assert [(each["href"], each["aria-label"]) for each in marks] == [
        ("#d0", "TeamBlue, Win2022/Datacenter.json: delivered"),
        ("#d2", "TeamRed, Linux/Ubuntu.json: already present"),
        ("#d1", "TeamRed, Win2022/Datacenter.json: failed"),
    ]
    rows = [each["id"] for each in page.all("tr") if "id" in each]
    assert rows == ["d0", "d1", "d2"]


def test_every_table_has_headers_and_every_field_a_label(page: Page) -> None:
    assert len(page.all("table")) == 5
    assert all(each.get("scope") in ("col", "row") for each in page.all("th"))
    html = report_html(FULL)
    for tag in ("input", "select"):
        assert len(re.findall(rf"<label>[^<]+<{tag} name=", html)) == len(page.all(tag)) > 0


def test_ids_are_unique_and_labels_name_what_is_there(page: Page) -> None:
    ids = [each["id"] for _, each in page.tags if "id" in each]
    assert len(ids) == len(set(ids))
    named = {each["aria-labelledby"] for _, each in page.tags if "aria-labelledby" in each}
    assert named <= set(ids)
    # What the script looks for.
    assert {"filters", "shown", "deliveries", "matrix", "tip"} <= set(ids)


def test_bytes_times_route_and_place_are_shown_for_people(page: Page) -> None:
    assert "from the hub of westeurope, 127.0 GiB, copied in 36 min 13 s, image made in 1 min 35 s" in page.text
    assert "line 14, column 5" in page.text
    assert "2026-11-23 03:00:00 UTC" in page.text
    assert "1 h 3 min" in page.text


def test_a_run_that_did_nothing_is_a_page_too() -> None:
    page = Page(report_html(report()))
    assert "There was nothing to do." in page.text
    assert page.all("table") == []
    assert page.open == []


def test_light_dark_phone_and_print_are_all_thought_of(page: Page) -> None:
    for query in ("prefers-color-scheme: dark", "max-width", "@media print"):
        assert query in page.raw["style"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")


def test_text_is_readable_on_its_ground_in_light_dark_and_print(page: Page) -> None:
    for block in re.findall(r":root \{(.*?)\}", page.raw["style"], re.DOTALL):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block))
        pairs = [(f"{tone}-text", tone) for tone in ("good", "info", "warn", "bad")]
        pairs += [("text", "page"), ("soft", "page"), ("soft", "panel"), ("link", "page"), ("text", "panel")]
        for text, ground in pairs:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
