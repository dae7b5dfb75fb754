"""Which machines are saved again: those to which something happened since, and no others."""

import pytest

from tests.e2e import worlds
from tests.e2e.running import RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

LABS = {"labs": worlds.wanted(Blue=["Win2022"])}


def test_a_machine_that_was_started_and_deallocated_is_saved_again_and_no_other(factory: RunningFactory) -> None:
    first = factory.app.run(LABS)
    assert outcomes(first) == {"golden1": ("saved", None), "golden2": ("saved", None)}
    idle = factory.app.run(LABS)
    assert outcomes(idle) == {"golden1": ("skipped", "already-saved"), "golden2": ("skipped", "already-saved")}

    factory.azure.turn("golden1", "start")
    running = factory.app.run(LABS)
    assert outcomes(running)["golden1"] == ("skipped", "not-deallocated")

    factory.azure.turn("golden1", "deallocate")
    second = factory.app.run(LABS)
    assert outcomes(second) == {"golden1": ("saved", None), "golden2": ("skipped", "already-saved")}
    names = [each["imageName"] for each in (first["deliveries"] + second["deliveries"])]
    assert len(set(names)) == 2
    assert set(factory.images("Blue")) == set(names)
    footers = {image["source"]["footerSha256"] for image in factory.images("Blue").values()}
    assert len(footers) == 2  # the second image holds what the machine's disk became


def outcomes(report: dict) -> dict[str, tuple[str, str | None]]:  # type: ignore[type-arg]
    return {save["vm"]: (save["outcome"], save["reason"]) for save in report["saves"]}
