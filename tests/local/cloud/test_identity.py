"""The identity endpoint, asked by plain requests; Microsoft's client logs in with it in the tests beside this one."""

import asyncio
import base64
import json
from typing import Any

import aiohttp
import pytest

from local.cloud.faults import Fault, Faults
from local.cloud.identity import PATH, IdentityEndpoint
from local.cloud.ledger import Ledger
from local.cloud.listeners import Listener

RESOURCE = "https://storage.azure.com/"
GOOD = {"api-version": "2019-08-01", "resource": RESOURCE}


def ask(
    query: dict[str, str], *, path: str = PATH, method: str = "GET", faults: Faults | None = None, **headers: str
) -> tuple[int, Any, Ledger]:
    """Ask a fresh endpoint; the header's value is the right one unless another is given."""

    async def talk() -> tuple[int, Any, Ledger]:
        ledger = Ledger()
        endpoint = IdentityEndpoint(ledger, faults or Faults())
        listener = await Listener.start(endpoint.handle)
        sent = {
            "X-IDENTITY-HEADER": endpoint.header,
            **{key.replace("_", "-"): value for key, value in headers.items()},
        }
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.request(method, listener.url + path, params=query, headers=sent) as answer,
            ):
                return answer.status, await answer.json(), ledger
        finally:
            await listener.stop()

    return asyncio.run(talk())


def test_a_token_is_made_for_the_asked_audience() -> None:
    status, body, _ = ask(GOOD)
    payload = body["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert status == 200
    assert (claims["aud"], body["resource"], body["token_type"]) == (RESOURCE, RESOURCE, "Bearer")
    assert abs(int(body["expires_on"]) - claims["exp"]) <= 1


@pytest.mark.parametrize("value", ["", "wrong", "w\u00fcrong"])
def test_a_wrong_header_is_refused(value: str) -> None:
    status, body, _ = ask(GOOD, X_IDENTITY_HEADER=value)
    assert (status, "access_token" in body) == (401, False)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_version_and_resource_are_required(missing: str) -> None:
    status, body, _ = ask({key: value for key, value in GOOD.items() if key != missing})
    assert status == 400
    assert missing in body["message"]


def test_other_paths_and_methods_are_not_found() -> None:
    assert ask(GOOD, path="/metadata/identity/oauth2/token")[0] == 404
    assert ask(GOOD, method="POST")[0] == 404


def test_a_foreign_host_is_refused() -> None:
    assert ask(GOOD, Host="169.254.169.254")[0] == 403


def test_faults_are_applied_and_noted() -> None:
    fault = Fault.from_json({"match": {"service": "identity"}, "status": 500, "message": "down"})
    status, body, ledger = ask(GOOD, faults=Faults([fault]))
    assert (status, body["message"]) == (500, "down")
    assert ledger.snapshot()["requests"][0]["injected"] == "status"
