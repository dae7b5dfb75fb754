"""docs/emulator.md names every key of a world that says how the service behaves, and its example is one."""

import json
import re
from dataclasses import fields
from pathlib import Path

from local.cloud.speeds import Speeds
from local.cloud.world import World, parse_world

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")


def test_the_example_of_faults_is_good() -> None:
    example = json.loads(TEXT.partition("```json\n")[2].partition("```")[0])
    world = json.loads((ROOT / "local" / "worlds" / "demo.json").read_text(encoding="utf-8"))
    parsed = parse_world(json.dumps({**world, **example}))
    assert (parsed.seed, len(parsed.faults)) == (7, 3)


def test_every_key_of_a_world_is_explained() -> None:
    for info in World.model_fields.values():
        assert f"`{info.alias}`" in TEXT, info.alias


def test_every_speed_is_explained() -> None:
    named = {name.lower() for name in re.findall(r"`(\w+)`", TEXT)}
    assert {field.name.replace("_", "") for field in fields(Speeds)} <= named
