"""Read URLs of blobs, signed with user-delegation keys. Keys stay in this module and are never logged or returned."""

from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import SecretStr

from shared.domain.errors import Refused
from shared.domain.storage import BlobRef
from shared.gateway.clients import AzureClients
from shared.gateway.faults import asking

if TYPE_CHECKING:
    from azure.storage.blob import UserDelegationKey

KEY_LIFE = timedelta(days=7)  # the service's own limit, counted from the key's start
CLOCK_SKEW = timedelta(minutes=5)  # the service's clock may be behind ours


class ReadUrls:
    """Signs read URLs: read-only, https only, one blob. One delegation key per account is kept while it lives on."""

    def __init__(self, clients: AzureClients) -> None:
        self._clients = clients
        self._keys: dict[str, tuple[UserDelegationKey, datetime]] = {}  # account -> key and its end
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def signed(self, vhd: BlobRef, seconds: int) -> SecretStr:
        """A URL that can read `vhd` for this time. A full 7 days end 5 minutes early. Raises Refused beyond them."""
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        if seconds > KEY_LIFE.total_seconds():
            raise Refused("url-too-long", "A delegated URL lives 7 days at most.", what=vhd.name)
        now = datetime.now(UTC)
        wanted = min(now + timedelta(seconds=seconds), now - CLOCK_SKEW + KEY_LIFE)
        with asking(
            f"sign a read URL for {vhd.name} in account {vhd.account}",
            f"Storage Blob Delegator on the account {vhd.account}",
        ):
            blob = self._clients.storage(vhd.account).get_blob_client(vhd.container, vhd.name)
            signature = generate_blob_sas(
                account_name=vhd.account,
                container_name=vhd.container,
                blob_name=vhd.name,
                user_delegation_key=self._key(vhd.account, now, wanted),
                permission=BlobSasPermissions(read=True),
                start=now - CLOCK_SKEW,
                expiry=wanted,
                protocol="https",
            )
        return SecretStr(f"{blob.url}?{signature}")

    def _key(self, account: str, now: datetime, wanted: datetime) -> "UserDelegationKey":
        with self._lock:
            lock = self._locks.setdefault(account, Lock())
        # One key per account is asked for, however many copies begin at once; accounts do not wait for each other.
        with lock:
            key, end = self._keys.get(account, (None, now))
            if key is None or end < wanted:
                end = now - CLOCK_SKEW + KEY_LIFE
                key = self._clients.storage(account).get_user_delegation_key(now - CLOCK_SKEW, end)
                self._keys[account] = key, end
            return key
