"""What the settings of the app must be, and what to do about one that is not. The environment is read elsewhere."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.domain.errors import SettingError
from shared.domain.models import Limits
from shared.domain.regions import normal


def _origin(value: str) -> str:
    if not re.fullmatch(r"https://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError("an https address is needed")
    return value.rstrip("/")


def _template(value: str) -> str:
    if not re.fullmatch(r"[^{}]*\{account\}[^{}]*", value):
        raise ValueError("{account} is needed in it once, where the name of the storage account belongs")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
AccountOrigin = Annotated[Origin, AfterValidator(_template)]


class Settings(BaseModel):
    """All settings of the app, checked. Field names in lower case are the environment's names in upper case."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    factory_subscription_id: UUID
    factory_resource_group: str = Field(min_length=1, max_length=90)
    factory_lab_name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,50}$")
    allowed_subscription_ids: tuple[UUID, ...] = ()
    region_hubs: dict[str, Annotated[str, Field(pattern=r"^[a-z0-9]{3,24}$")]] = Field(default_factory=dict)
    relay_through_labs: bool = False
    max_concurrent_copies: int = Field(default=200, ge=1, le=10_000)
    copies_per_source: int = Field(default=1, ge=1, le=100)
    arm_endpoint: Origin = "https://management.azure.com"
    blob_endpoint: AccountOrigin = "https://{account}.blob.core.windows.net"
    time_scale: float = Field(default=1, ge=1)  # above 1 only in an emulated world, whose hours are shorter
    blob_service_uri: Origin
    queue_service_uri: Origin
    managed_identity: bool = False
    client_id: str | None = None  # of the user-assigned identity, where the app has one

    def limits(self) -> Limits:
        """What planning and relaying must obey; the factory's own subscription where none is allowed by name."""
        allowed = self.allowed_subscription_ids or (self.factory_subscription_id,)
        return Limits(
            allowed_subscriptions=tuple(str(each) for each in allowed),
            region_hubs={normal(region): account for region, account in self.region_hubs.items()},
            relay_through_labs=self.relay_through_labs,
            max_concurrent_copies=self.max_concurrent_copies,
            copies_per_source=self.copies_per_source,
        )


_REMEDIES = {
    "FACTORY_SUBSCRIPTION_ID": "Set it to the id (GUID) of the subscription that holds the factory lab.",
    "FACTORY_RESOURCE_GROUP": "Set it to the resource group of the factory lab.",
    "FACTORY_LAB_NAME": "Set it to the name of the factory lab: letters, digits, - and _.",
    "ALLOWED_SUBSCRIPTION_IDS": "Set it to subscription ids (GUIDs) separated by commas.",
    "REGION_HUBS": 'Set it to JSON such as {"westeurope": "hubwesteurope"}: region to storage account name.',
    "RELAY_THROUGH_LABS": "Set it to true or false.",
    "MAX_CONCURRENT_COPIES": "Set it to a number from 1 to 10000.",
    "COPIES_PER_SOURCE": "Set it to a number from 1 to 100.",
    "ARM_ENDPOINT": "Set it to an https address, or leave it out for public Azure.",
    "BLOB_ENDPOINT": "Set it to an https address with {account} in it, or leave it out for public Azure.",
    "AZURE_CLIENT_ID": "Set it to the client id of the app's identity, or leave it out.",
    "TIME_SCALE": "Leave it out; only an emulated world sets it.",
    "FactoryStorage__blobServiceUri": "Set it to the blob address of the app's storage account (https://...).",
    "FactoryStorage__queueServiceUri": "Set it to the queue address of the app's storage account (https://...).",
}
_CONNECTION_FIELDS = {
    "blob_service_uri": "FactoryStorage__blobServiceUri",
    "queue_service_uri": "FactoryStorage__queueServiceUri",
    "client_id": "AZURE_CLIENT_ID",
}


def check(environment: Mapping[str, str]) -> Settings:
    """The settings, or SettingError that names the first missing or malformed one and says what to do."""
    values: dict[str, Any] = {"managed_identity": bool(environment.get("IDENTITY_ENDPOINT"))}
    for field in Settings.model_fields.keys() - {"managed_identity"}:
        name = _setting_name(field)
        text = environment.get(name, "").strip()
        if text:
            values[field] = _parsed(name, text)
    return _checked(values)


def _setting_name(field: str) -> str:
    return _CONNECTION_FIELDS.get(field, field.upper())


def _parsed(name: str, text: str) -> Any:
    if name == "ALLOWED_SUBSCRIPTION_IDS":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name == "REGION_HUBS":
        try:
            return json.loads(text)
        except ValueError:
            raise SettingError(name, "is not JSON.", _REMEDIES[name]) from None
    return text


def _checked(values: dict[str, Any]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = _setting_name(str(first["loc"][0]))
        problem = "is missing." if first["type"] == "missing" else f"is not valid ({first['msg']})."
        raise SettingError(name, problem, _REMEDIES[name]) from None
