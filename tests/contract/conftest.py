"""Every test that asks for `stage` runs twice: on the fake, and with the real gateway before the emulated Azure."""

from collections.abc import Callable

import pytest

from local.cloud.world import load_world
from shared.domain.models import Lab
from shared.domain.storage import BlobRef
from shared.gateway.azure import AzureGateway
from tests.conftest import WORLD
from tests.contract.azure import SUBSCRIPTION
from tests.contract.stages import EmulatedStage, FakeStage, Stage, emulated_stage, lab_of
from tests.emulation import EmulatedAzure, enter


@pytest.fixture(params=["fake", pytest.param("azure", marks=pytest.mark.emulator)])
def stage(request: pytest.FixtureRequest) -> Stage:
    """An Azure to test on."""
    if request.param == "fake":
        return FakeStage(load_world(WORLD))
    emulated: EmulatedStage = request.getfixturevalue("azure_stage")
    return emulated


@pytest.fixture
def azure_stage(emulator: EmulatedAzure, monkeypatch: pytest.MonkeyPatch) -> EmulatedStage:
    """The real gateway before the emulated Azure."""
    enter(emulator, monkeypatch)
    return emulated_stage(emulator)


@pytest.fixture
def blue(stage: Stage) -> Lab:
    """The lab TeamBlue, in the factory's region and subscription."""
    return lab_of(stage, SUBSCRIPTION, "team-blue", "TeamBlue")


@pytest.fixture
def staged(request: pytest.FixtureRequest, blue: Lab) -> Callable[[str], BlobRef]:
    """Places of blobs in TeamBlue's account that no other test uses."""
    test = request.node.name.partition("[")[0]
    return lambda name: BlobRef(account=blue.account, container="imagefactory-staging", name=f"{test}-{name}.vhd")


@pytest.fixture
def gateway(azure_stage: EmulatedStage) -> AzureGateway:
    """A gateway that knows its factory lab already."""
    gateway = AzureGateway(azure_stage.azure.addresses)
    gateway.labs.factory()
    return gateway


@pytest.fixture
def green(gateway: AzureGateway) -> Lab:
    """The lab TeamGreen, in another region."""
    lab = gateway.labs.find(SUBSCRIPTION, "team-green", "TeamGreen")
    assert lab is not None
    return lab
