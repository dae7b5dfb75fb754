"""The shapes in which Compute may answer a grant, with the real SDK client above prepared answers."""

from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.mgmt.compute import ComputeManagementClient

from shared.domain.errors import Conflict, Unavailable
from shared.gateway.clients import AzureClients
from shared.gateway.disks import AzureDisks
from tests.unit.gateway.answers import Answers

DISK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d"
SAS = "https://md-x.z1.blob.storage.azure.net/c/abcd?sv=2018-03-28&sr=b&si=1&sig=secret"
OPERATION = "https://management.azure.com/operations/1?monitor=true"


class Token:
    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken("token", 2**40)


class OneClient(AzureClients):
    """Clients that are all the one before the prepared answers."""

    def __init__(self, answers: Answers) -> None:
        self._client = ComputeManagementClient(Token(), "s", transport=answers.transport(), retry_total=0)

    def compute(self, subscription_id: str) -> ComputeManagementClient:
        return self._client


def grant(answers: Answers) -> str:
    return AzureDisks(OneClient(answers)).grant_read(DISK, 3600).get_secret_value()


def test_a_grant_may_be_answered_at_once() -> None:
    answers = Answers((200, {}, {"accessSAS": SAS}))
    assert grant(answers) == SAS
    assert len(answers.asked) == 1


def test_a_grant_is_followed_at_its_location_until_it_is_there() -> None:
    answers = Answers(
        (202, {"Location": OPERATION, "Azure-AsyncOperation": "https://management.azure.com/other"}, None),
        (202, {"Location": OPERATION}, None),
        (200, {}, {"accessSAS": SAS}),
    )
    assert grant(answers) == SAS
    assert answers.asked[1:] == ["GET https://management.azure.com/operations/1"] * 2


def test_a_grant_that_fails_on_its_way_says_why() -> None:
    failed = {"error": {"code": "Conflict", "message": "disk d is currently attached to running VM v."}}
    with pytest.raises(Conflict, match="running VM"):
        grant(Answers((202, {"Location": OPERATION}, None), (409, {}, failed)))


@pytest.mark.parametrize("body", [{}, {"accessSAS": ""}, {"status": "Failed"}, []])
def test_a_grant_without_an_address_is_no_grant(body: Any) -> None:
    with pytest.raises(Unavailable) as caught:
        grant(Answers((202, {"Location": OPERATION}, None), (200, {}, body)))
    assert caught.value.code == "grant-without-sas"


def test_a_grant_without_a_location_is_no_grant() -> None:
    with pytest.raises(Unavailable):
        grant(Answers((202, {}, None)))
