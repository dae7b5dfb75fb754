"""`$filter` of lists: OData conditions over the JSON of a resource. Pure.

Understood are eq, ne, gt, ge, lt, le, and, or, not, parentheses, contains, startswith, endswith and substringof.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.cloud.arm import errors

Condition = Callable[[Mapping[str, Any]], bool]
_Value = Callable[[Mapping[str, Any]], Any]
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Za-z_$][\w./$-]*)|(-?\d+(?:\.\d+)?)|([(),]))")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "substringof": lambda part, text: part in text,
}
_CONSTANTS = {"true": True, "false": False, "null": None}
# Deeper than any real filter, and far from the depth at which Python itself gives up.
_DEEPEST = 50


def condition(text: str) -> Condition:
    """Read a filter such as `properties/osType eq 'Linux' and startswith(name, 'web')`; raises Refused with 400.

    Texts are compared without case, names of properties too; what a resource has not is null.
    """
    return _Reader(text).whole()


def member(resource: Mapping[str, Any], path: str) -> Any:
    """Return what a path such as `properties/osType` leads to, without regard to case; None where nothing is."""
    value: Any = resource
    for part in path.split("/"):
        if not isinstance(value, Mapping):
            return None
        value = next((value[key] for key in value if key.lower() == part.lower()), None)
    return value


class _Reader:
    """Reads one filter from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._depth = 0

    def whole(self) -> Condition:
        found = self._any()
        if self._tokens:
            raise invalid("filter", self._text)
        return found

    def _any(self) -> Condition:
        found = self._all()
        while self._takes("or"):
            found = _either(found, self._all())
        return found

    def _all(self) -> Condition:
        found = self._one()
        while self._takes("and"):
            found = _both(found, self._one())
        return found

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise invalid("filter", self._text)
        try:
            if self._takes("not"):
                inner = self._one()
                return lambda resource: not inner(resource)
            if self._takes("("):
                found = self._any()
                self._wants(")")
                return found
            return self._function() if self._peek() in _FUNCTIONS else self._comparison()
        finally:
            self._depth -= 1

    def _function(self) -> Condition:
        test = _FUNCTIONS[self._next().lower()]
        self._wants("(")
        first = self._value()
        self._wants(",")
        second = self._value()
        self._wants(")")

        def met(resource: Mapping[str, Any]) -> bool:
            values = first(resource), second(resource)
            return isinstance(values[0], str) and isinstance(values[1], str) and test(*values)

        return met

    def _comparison(self) -> Condition:
        left = self._value()
        compare = _COMPARED.get(self._next().lower())
        if compare is None:
            raise invalid("filter", self._text)
        right = self._value()

        def met(resource: Mapping[str, Any]) -> bool:
            try:
                return compare(left(resource), right(resource))
            except TypeError:
                return False

        return met

    def _value(self) -> _Value:
        token = self._next()
        if token.startswith("'"):
            text = token[1:-1].replace("''", "'").lower()
            return lambda _: text
        if re.fullmatch(r"-?\d.*", token):
            return lambda _: float(token)
        if token.lower() in _CONSTANTS:
            return lambda _: _CONSTANTS[token.lower()]
        if token in ("(", ")", ","):
            raise invalid("filter", self._text)
        return lambda resource: _comparable(member(resource, token))

    def _peek(self) -> str:
        return self._tokens[0].lower() if self._tokens else ""

    def _next(self) -> str:
        if not self._tokens:
            raise invalid("filter", self._text)
        return self._tokens.pop(0)

    def _takes(self, token: str) -> bool:
        return self._peek() == token and bool(self._tokens.pop(0))

    def _wants(self, token: str) -> None:
        if not self._takes(token):
            raise invalid("filter", self._text)


def invalid(option: str, text: str) -> errors.Refused:
    """A query option that cannot be read."""
    message = f"Invalid ${option} '{text[:200]}' specified in the query string."
    return errors.Refused(400, f"Invalid{option.capitalize()}InQueryString", message)


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None:
            raise invalid("filter", text)
        tokens.append(found[0].strip())
        place = found.end()
    return tokens


def _comparable(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _either(first: Condition, second: Condition) -> Condition:
    return lambda resource: first(resource) or second(resource)


def _both(first: Condition, second: Condition) -> Condition:
    return lambda resource: first(resource) and second(resource)
