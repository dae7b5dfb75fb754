"""Joins settings and gateway: one gateway per process, made when it is first needed and never at import."""

from functools import cache
from threading import Lock

from shared import settings
from shared.domain.models import Limits
from shared.domain.setting_rules import Settings
from shared.gateway.azure import AzureGateway
from shared.gateway.clients import AzureAddresses
from shared.gateway.port import Gateway

_making = Lock()


def gateway() -> Gateway:
    """The process's gateway to Azure. Raises SettingError when a setting is missing or malformed."""
    with _making:
        return _gateway()


def limits() -> Limits:
    """The settings that planning and relaying obey. Raises SettingError."""
    return _settings().limits()


def time_scale() -> float:
    """How many seconds of the world pass in one real second: 1 in Azure, more in an emulated world."""
    return _settings().time_scale


def connect(read: Settings) -> Gateway:
    """A gateway to the Azure that these settings name. It makes no call."""
    return AzureGateway(
        AzureAddresses(
            subscription_id=str(read.factory_subscription_id),
            resource_group=read.factory_resource_group,
            lab=read.factory_lab_name,
            arm=read.arm_endpoint,
            blob=read.blob_endpoint,
            app_blob=read.blob_service_uri,
            app_queue=read.queue_service_uri,
            managed_identity=read.managed_identity,
            client_id=read.client_id,
        )
    )


@cache
def _settings() -> Settings:
    return settings.read()


@cache
def _gateway() -> Gateway:
    return connect(_settings())
