"""The JSON Schema of labs.json, for editors and pipelines: published as `config/labs.schema.json`.

It is stricter than the factory, which also takes keys in other capitals and only warns of unknown ones. After a change,
write it anew: `python -c "from shared.domain import labs_schema; print(labs_schema.dumps(), end='')"`.
"""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from shared.domain import labs_rules as rules

_AUTHORS_OWN: JsonDict = {"patternProperties": {r"^(\$schema$|_|//)": True}}
# No drive, no `.` or `..` as a part, nothing invisible, nothing in angle brackets. Only editors use this pattern:
# pydantic's own expressions cannot look ahead.
_USABLE: JsonDict = {"pattern": r"^(?![A-Za-z]:)(?!(.*[/\\])?\.\.?([/\\]|$))[^\u0000-\u001f\u007f<>]*$"}
_AnImagePath = Annotated[str, Field(max_length=rules.MAX_PATH_LENGTH, json_schema_extra=_USABLE)]


class LabEntry(BaseModel):
    """One lab that images are delivered to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_AUTHORS_OWN)

    SubscriptionId: str = Field(
        pattern=f"^{rules.SUBSCRIPTION_PATTERN}$",
        description="Id of the subscription that the lab is in. The factory must be allowed to deliver to it: see "
        "its setting ALLOWED_SUBSCRIPTION_IDS.",
        examples=["01234567-89ab-cdef-0123-456789abcdef"],
    )
    LabName: str = Field(
        pattern=f"^{rules.LAB_PATTERN}$",
        description="Name of the lab: 1 to 50 letters, digits, hyphens and underscores.",
        examples=["TeamBlue"],
    )
    ResourceGroup: str | None = Field(
        default=None,
        pattern=f"^{rules.GROUP_PATTERN}$",
        description="Resource group of the lab. Needed where two labs of the subscription have the same name, or where "
        "the factory may not list the subscription's labs.",
    )
    ImagePaths: list[_AnImagePath] = Field(
        default=[],
        max_length=rules.MAX_PATHS,
        description="The images that the lab gets, by their image paths: a folder means all images in it, a file (with "
        'or without .json) means that image. Capitals and the kind of slash make no difference. "" means every image.',
        examples=[["Win2016", "Linux/Ubuntu-22.04.json"]],
    )
    Relay: bool = Field(
        default=True,
        description="Whether other labs of the region may be served from this lab's copy. It matters only where the "
        "factory's setting RELAY_THROUGH_LABS is true.",
    )


class LabsDocument(BaseModel):
    """Which labs get which images of the image factory."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_AUTHORS_OWN)

    Labs: list[LabEntry] = Field(max_length=rules.MAX_LABS, description="The labs, each once.")


def schema() -> dict[str, Any]:
    """The schema, in JSON Schema 2020-12."""
    made = _without_titles(LabsDocument.model_json_schema())
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "labs.json"}
    return {**head, **made}


def dumps() -> str:
    """The schema as the published file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


def _without_titles(part: Any) -> Any:
    """The generator names every field again as its title, which editors would show instead of the description."""
    match part:
        case dict():
            return {key: _without_titles(value) for key, value in part.items() if key != "title"}
        case list():
            return [_without_titles(value) for value in part]
        case _:
            return part
