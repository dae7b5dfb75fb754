"""Which function answers a method and a path: ASP.NET route templates, as far as HTTP triggers use them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from local.host.app import Function
from local.host.errors import AppError

_SEGMENT = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>\w+)(?::(?P<kind>\w+))?(?P<optional>\?)?\}")
_KINDS = {
    None: r"[^/]+",
    "alpha": r"[A-Za-z]+",
    "bool": r"(?:true|false)",
    "guid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "int": r"[+-]?\d+",
    "long": r"[+-]?\d+",
}


@dataclass(frozen=True)
class Match:
    """A function and the values of its route's parameters."""

    function: Function
    parameters: dict[str, str]


@dataclass(frozen=True)
class _Route:
    function: Function
    methods: frozenset[str]
    pattern: re.Pattern[str]
    # Literal segments win over parameters and those over a rest, segment by segment, as in ASP.NET.
    order: tuple[int, ...]


class RouteTable:
    """The routes of all HTTP triggers below one prefix; paths are not case-sensitive."""

    def __init__(self, functions: Sequence[Function], prefix: str) -> None:
        """Read the routes; `AppError` names the function whose template this host does not understand."""
        routes = [_route(f, prefix) for f in functions if f.kind == "httpTrigger"]
        self._routes = sorted(routes, key=lambda route: route.order)

    def match(self, method: str, raw_path: str) -> Match | None:
        """Find the function for a method and a path that is still percent-encoded."""
        for route in self._routes:
            found = route.pattern.fullmatch(raw_path.strip("/"))
            if found is not None and (not route.methods or method in route.methods):
                given = {name: unquote(value) for name, value in found.groupdict().items() if value is not None}
                return Match(route.function, given)
        return None


def _route(function: Function, prefix: str) -> _Route:
    template = str(function.trigger.get("route") or function.name).strip("/")
    segments = [*filter(None, prefix.split("/")), *filter(None, template.split("/"))]
    pattern, order = "", []
    for segment in segments:
        part, rank = _segment(segment, function.name)
        slash = "/" if pattern else ""
        pattern += f"(?:{slash}{part})?" if rank in (_OPTIONAL, _REST) else slash + part
        order.append(rank)
    methods = frozenset(str(method).upper() for method in function.trigger.get("methods") or ())
    return _Route(function, methods, re.compile(pattern, re.IGNORECASE), tuple(order))


_LITERAL, _TYPED, _ANY, _OPTIONAL, _REST = range(5)


def _segment(segment: str, function: str) -> tuple[str, int]:
    if "{" not in segment:
        return re.escape(segment), _LITERAL
    found = _SEGMENT.fullmatch(segment)
    if found is None or found["kind"] not in _KINDS:
        raise AppError(f"Function {function}: this host does not understand '{segment}' in its route")
    if found["rest"]:
        return f"(?P<{found['name']}>.*)", _REST
    part = f"(?P<{found['name']}>{_KINDS[found['kind']]})"
    if found["optional"]:
        return part, _OPTIONAL
    return part, _TYPED if found["kind"] else _ANY
