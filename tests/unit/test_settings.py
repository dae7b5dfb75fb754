"""The settings: what is read, what is refused, and what the refusal says."""

import pytest

from shared import settings
from shared.domain.errors import SettingError

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
OTHER = "0b0e7a3c-7f0e-4a86-9a2b-0c1d2e3f4a5b"
COMPLETE = {
    "FACTORY_SUBSCRIPTION_ID": SUBSCRIPTION,
    "FACTORY_RESOURCE_GROUP": "image-factory",
    "FACTORY_LAB_NAME": "ImageFactory",
    "FactoryStorage__blobServiceUri": "https://app.blob.core.windows.net/",
    "FactoryStorage__queueServiceUri": "https://app.queue.core.windows.net",
}


def test_five_settings_are_enough_and_the_rest_has_defaults() -> None:
    read = settings.read(COMPLETE)
    assert read.limits().allowed_subscriptions == (SUBSCRIPTION,)
    assert read.limits().max_concurrent_copies == 200
    assert read.limits().copies_per_source == 1
    assert read.limits().relay_through_labs is False
    assert read.blob_service_uri == "https://app.blob.core.windows.net"
    assert read.arm_endpoint == "https://management.azure.com"
    assert read.time_scale == 1
    assert read.managed_identity is False


def test_all_settings_are_read() -> None:
    read = settings.read(
        COMPLETE
        | {
            "ALLOWED_SUBSCRIPTION_IDS": f"{SUBSCRIPTION}, {OTHER}",
            "REGION_HUBS": '{"North Europe": "hubne"}',
            "RELAY_THROUGH_LABS": "true",
            "MAX_CONCURRENT_COPIES": "50",
            "COPIES_PER_SOURCE": "2",
            "BLOB_ENDPOINT": "https://127.0.0.1:10000/{account}/",
            "IDENTITY_ENDPOINT": "http://127.0.0.1:1/token",
            "AZURE_CLIENT_ID": OTHER,
        }
    )
    limits = read.limits()
    assert limits.allowed_subscriptions == (SUBSCRIPTION, OTHER)
    assert limits.region_hubs == {"northeurope": "hubne"}
    assert (limits.relay_through_labs, limits.max_concurrent_copies, limits.copies_per_source) == (True, 50, 2)
    assert read.blob_endpoint == "https://127.0.0.1:10000/{account}"
    assert (read.managed_identity, read.client_id) == (True, OTHER)


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.read({key: value for key, value in COMPLETE.items() if key != name})
    assert error.value.setting == name
    assert name in error.value.message
    assert "is missing" in error.value.message
    assert "Set it to" in error.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FACTORY_SUBSCRIPTION_ID", "<subscription ID>"),
        ("FACTORY_LAB_NAME", "my lab"),
        ("ALLOWED_SUBSCRIPTION_IDS", "all"),
        ("REGION_HUBS", "westeurope=hub"),
        ("REGION_HUBS", '{"westeurope": "Not An Account"}'),
        ("RELAY_THROUGH_LABS", "perhaps"),
        ("MAX_CONCURRENT_COPIES", "0"),
        ("COPIES_PER_SOURCE", "many"),
        ("ARM_ENDPOINT", "http://management.azure.com"),
        ("BLOB_ENDPOINT", "http://{account}.blob.core.windows.net"),
        ("BLOB_ENDPOINT", "https://blob.core.windows.net"),
        ("BLOB_ENDPOINT", "https://{account}.blob.core.windows.net/{container}"),
        ("FactoryStorage__blobServiceUri", "app.blob.core.windows.net"),
        ("TIME_SCALE", "0.5"),
    ],
)
def test_a_malformed_setting_is_named_with_its_remedy(name: str, value: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.read(COMPLETE | {name: value})
    assert error.value.setting == name
    assert name in error.value.message


def test_a_refusal_never_repeats_the_value() -> None:
    with pytest.raises(SettingError) as error:
        settings.read(COMPLETE | {"FactoryStorage__blobServiceUri": "http://x?sig=topsecret"})
    assert "topsecret" not in str(error.value)


def test_the_upload_is_noticed_by_polling_unless_the_setting_says_event_grid() -> None:
    assert settings.labs_trigger_source({}) == "Polling"
    assert settings.labs_trigger_source({"LABS_TRIGGER_SOURCE": "EventGrid"}) == "EventGrid"
    with pytest.raises(SettingError, match="LABS_TRIGGER_SOURCE"):
        settings.labs_trigger_source({"LABS_TRIGGER_SOURCE": "Guess"})


def test_the_timer_runs_daily_at_three_unless_the_setting_says_when() -> None:
    assert settings.refresh_schedule({}) == "0 0 3 * * *"
    assert settings.refresh_schedule({"REFRESH_SCHEDULE": "0 0 5 * * 1"}) == "0 0 5 * * 1"
