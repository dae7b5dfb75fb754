"""What the fleet says after runs, and that it costs Azure nothing."""

import json

from shared.domain.fleet import Fleet
from shared.steps import fleet
from tests.fakes.cloud import SUBSCRIPTION
from tests.simulation.factory import Factory


def seen(factory: Factory) -> Fleet:
    return Fleet.model_validate_json(fleet.published(factory.gateway).content)


def states(factory: Factory) -> dict[str, list[str]]:
    return {lab.lab: [image.state for image in lab.images] for lab in seen(factory).labs}


def test_fleet_is_empty_before_the_first_run() -> None:
    factory = Factory()
    assert seen(factory) == Fleet()


def test_run_publishes_what_it_has_delivered() -> None:
    factory = Factory()
    factory.run()
    assert states(factory) == {lab.name: ["newest", "newest"] for lab in factory.labs}


def test_dry_run_shows_what_was_never_delivered_and_changes_nothing_else() -> None:
    factory = Factory()
    factory.run()
    factory.upload({"Home0": ["Win2016"], "Home1": ["Win2016/Image0.json"]})
    factory.cloud.images[factory.labs[0].id].clear()
    factory.run(b'{"dryRun": true, "save": false}')
    assert states(factory) == {"Home0": ["never", "never"], "Home1": ["newest", "newest"]}
    assert [image.wanted for image in seen(factory).labs[1].images] == [True, False]


def test_run_for_one_lab_keeps_what_is_known_of_the_others() -> None:
    factory = Factory()
    factory.run()
    before = {lab.lab: lab.seen_at for lab in seen(factory).labs}
    factory.lets_time_pass(1)
    factory.run(b'{"only": {"labs": ["Home1"]}}')
    after = {lab.lab: lab.seen_at for lab in seen(factory).labs}
    assert [name for name in before if after[name] != before[name]] == ["Home1"]


def test_run_with_labs_of_its_own_says_nothing_of_the_fleet() -> None:
    factory = Factory()
    factory.run()
    before = fleet.published(factory.gateway)
    labs = [{"SubscriptionId": SUBSCRIPTION, "LabName": "Home0", "ImagePaths": ["/"]}]
    factory.run(json.dumps({"labs": {"Labs": labs}}).encode())
    assert fleet.published(factory.gateway) == before


def test_fleet_of_another_version_is_made_anew() -> None:
    factory = Factory()
    factory.gateway.documents.write(fleet.DOCUMENT, b'{"shape": "of old"}')
    factory.run()
    assert len(seen(factory).labs) == len(factory.labs)
