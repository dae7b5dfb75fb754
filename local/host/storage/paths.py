"""Blob paths of bindings: `container/name` with `{parameters}` that a trigger captures and an output fills in."""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from local.host.errors import AppError

_PARAMETER = re.compile(r"\{([^{}]+)\}")


class BlobPath:
    """A path pattern such as `images/{name}.json`; without a blob part it means every blob of the container."""

    def __init__(self, path: str) -> None:
        """Read the pattern; `AppError` where the container itself is a parameter or missing."""
        self.container, _, blob = path.strip("/").partition("/")
        if not self.container or "{" in self.container:
            raise AppError(f"Blob path '{path}' must begin with the name of a container")
        self._blob = blob or "{name}"
        parts = _PARAMETER.split(self._blob)
        literal = [re.escape(part) for part in parts[::2]]
        names = [f"(?P<{name}>.+)" for name in parts[1::2]]
        self._pattern = re.compile("".join(a + b for a, b in zip(literal, [*names, ""], strict=True)))
        # All matching blobs begin with it, so nothing else need be listed.
        self.prefix = parts[0]

    def match(self, blob: str) -> dict[str, str] | None:
        """Give the parameters of a blob that matches, else None."""
        found = self._pattern.fullmatch(blob)
        return None if found is None else found.groupdict()


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values into `{parameters}`; `{rand-guid}` and `{DateTime}` need none. `AppError` names an unknown one."""
    own = {"rand-guid": str(uuid.uuid4()), "DateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")}

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values and name not in own:
            raise AppError(f"Path '{template}' uses {{{name}}}, which the trigger does not give")
        return values[name] if name in values else own[name]

    return _PARAMETER.sub(value, template)
