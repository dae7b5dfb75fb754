"""Signed addresses at which a client may write one blob, as DevTest Labs gives them out for uploaded VHDs.

They carry a signature of the account's key in Azure. Nobody has that key here: the front remembers what it gave out.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aiohttp import web

from local.cloud.storage.operations import BlobName
from local.cloud.storage.page_blobs import encoded

_LIFETIME = dt.timedelta(hours=24)
# The start lies back, for clocks differ.
_SKEW = dt.timedelta(minutes=15)
_METHODS = ("GET", "HEAD", "PUT")


@dataclass(frozen=True, slots=True)
class _Upload:
    blob: BlobName
    expires: dt.datetime


class Uploads:
    """The addresses that were given out, by their signatures."""

    def __init__(self) -> None:
        self._uploads: dict[str, _Upload] = {}

    def issue(self, blob: BlobName) -> str:
        """Return the encoded path and query that may read, create and write this one blob for a day."""
        now = dt.datetime.now(dt.UTC)
        signature = b64encode(secrets.token_bytes(32)).decode()
        self._uploads[signature] = _Upload(blob, now + _LIFETIME)
        query = {
            "sv": "2017-04-17",
            "sr": "b",
            "sig": signature,
            "st": _written(now - _SKEW),
            "se": _written(now + _LIFETIME),
            "sp": "rcw",
        }
        return f"{encoded(blob)}?{urlencode(query, quote_via=quote)}"

    def admit(self, request: web.Request) -> bool:
        """Whether a request carries an address that was given out for just this blob and is still good."""
        given = request.query.get("sig", "")
        for signature, upload in self._uploads.items():
            if hmac.compare_digest(signature.encode(), given.encode(errors="replace")):
                is_same = upload.blob == BlobName.from_path(request.path)
                return is_same and request.method in _METHODS and dt.datetime.now(dt.UTC) < upload.expires
        return False


def _written(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
