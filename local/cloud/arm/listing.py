"""What the query options of a call make of its answer: which resources, in which order, which page, which members.

`$top` is the size of a page, as the world's page size is: what is left over is behind `nextLink`.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from local.cloud.arm.calls import Answer, Call
from local.cloud.arm.filters import condition, invalid, member

_OPTION = re.compile(r"\$(select|expand)=([^;()]*)", re.IGNORECASE)
_ORDER = re.compile(r"\s*([A-Za-z_][\w./-]*)(?:\s+(asc|desc))?\s*", re.IGNORECASE)


class Listing:
    """Answers lists; `page_size` None: everything is one page, as every recorded one was."""

    def __init__(self, page_size: int | None = None) -> None:
        self._page_size = page_size

    def answer(self, call: Call, bodies: Iterable[dict[str, Any]]) -> Answer:
        """Answer the part of a list that a call asks for; raises Refused where an option cannot be read."""
        values = list(bodies)
        if "$filter" in call.query:
            met = condition(call.query["$filter"])
            values = [value for value in values if met(value)]
        if "$orderby" in call.query:
            values = _ordered(values, call.query["$orderby"])
        begin = _offset(call.query.get("$skiptoken"))
        sizes = [size for size in (_top(call.query.get("$top")), self._page_size) if size is not None]
        end = begin + min(sizes, default=len(values))
        page: dict[str, Any] = {"value": [selected(call, value) for value in values[begin:end]]}
        if end < len(values):
            page["nextLink"] = _next_link(call, end)
        return Answer(200, page)


def selected(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The body with those properties alone that `$expand=properties($select=a,b)` names, or all."""
    wanted = _names(call, "select")
    if not wanted:
        return body
    properties = {key: value for key, value in body["properties"].items() if key.lower() in wanted}
    return {**body, "properties": properties}


def expanded(call: Call) -> frozenset[str]:
    """The names that `$expand=properties($expand=a,b)` or `$expand=a,b` asks for, in lower case."""
    option = call.query.get("$expand", "")
    return _names(call, "expand") if "(" in option else _split(option)


def _names(call: Call, option: str) -> frozenset[str]:
    found = _OPTION.finditer(call.query.get("$expand", ""))
    return frozenset().union(*(_split(one[2]) for one in found if one[1].lower() == option))


def _split(names: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in names.split(",") if name.strip())


def _ordered(values: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    # From the last key to the first: sorting keeps the order of equals.
    for key in reversed(text.split(",")):
        found = _ORDER.fullmatch(key)
        if found is None:
            raise invalid("orderby", text)
        path, backwards = found[1], (found[2] or "").lower() == "desc"
        values = sorted(values, key=lambda value: _sortable(member(value, path)), reverse=backwards)
    return values


def _sortable(value: Any) -> tuple[str, str]:
    return ("", "") if value is None else (type(value).__name__, str(value).lower())


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise invalid("top", text)
    return int(text)


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(token.encode() + b"=="))
    except ValueError as error:
        raise invalid("skiptoken", token) from error
    if offset < 0:
        raise invalid("skiptoken", token)
    return offset


def _next_link(call: Call, offset: int) -> str:
    token = base64.urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")
    query: Mapping[str, str] = {**call.query, "$skiptoken": token}
    return f"{call.base_url}{call.path}?{urlencode(query, safe='$')}"
