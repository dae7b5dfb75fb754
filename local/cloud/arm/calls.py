"""What a call to Resource Manager is once it is off the wire, what answers it, and how calls find their handlers.

Nothing here knows the network; matching ignores case, as Resource Manager does.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from local.cloud.arm import errors
from local.cloud.arm.callers import Caller

Provider = Literal["arm", "devtestlab", "compute", "storage"]


@dataclass(frozen=True)
class Call:
    """One call: `names` are the parts of the path that its route names; keys of `query` are lower-case.

    `raw_path` is the path as it was sent, with its query.
    """

    method: str
    path: str
    base_url: str
    raw_path: str
    query: Mapping[str, str]
    body: bytes
    caller: Caller
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        """The api-version that the caller asked for; any is accepted."""
        return self.query["api-version"]

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises Refused where it is none."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise errors.bad_content(f"the body is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise errors.bad_content("the body is not a JSON object")
        return content


@dataclass
class Answer:
    """The answer to a call; without `body` it is empty and has no content type."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """A call that is answered: method and path template, such as `/subscriptions/{subscription}`.

    One that is `public` needs no token.
    """

    operation: str
    method: str
    template: str
    provider: Provider
    handler: Handler
    public: bool = False

    def names(self, method: str, path: str) -> dict[str, str] | None:
        """Return the named parts of a path that this route answers, else None."""
        wanted, given = self.template.split("/"), path.rstrip("/").split("/")
        if method != self.method or len(wanted) != len(given):
            return None
        names: dict[str, str] = {}
        for template, part in zip(wanted, given, strict=True):
            text = unquote(part)
            if template.startswith("{"):
                names[template.strip("{}")] = text
            elif template.lower() != text.lower():
                return None
        return names


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a call and its named parts; raises NotEmulated with the call's name."""
    for route in routes:
        names = route.names(method, path)
        if names is not None:
            return route, names
    raise errors.NotEmulated(call_name(method, path))


def call_name(method: str, path: str) -> str:
    """Name a call without the names of its resources, such as `POST Microsoft.DevTestLab/labs/listVhds`."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    places = [place for place, part in enumerate(parts) if part.lower() == "providers"]
    if places and places[-1] + 1 < len(parts):
        below = parts[places[-1] + 2 :]
        return f"{method} {'/'.join([parts[places[-1] + 1], *below[::2]])}{_action(below)}"
    return f"{method} {'/'.join(parts[::2])}"


def _action(below: Sequence[str]) -> str:
    # An even number of parts ends in a resource's name; collections and actions are the odd ones and already there.
    return "/{name}" if below and len(below) % 2 == 0 else ""
