"""Uploads a labs.json as an administrator would: python -m local.upload ACCOUNT_URL FILE.

It uses the real SDK with DefaultAzureCredential; which login that finds is for the environment to say.
"""

import contextlib
import sys
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

CONTAINER = "image-factory"
BLOB = "labs.json"


def upload(account_url: str, content: bytes) -> None:
    """Write `content` as the factory's labs.json, in place of the one that is there."""
    with DefaultAzureCredential() as credential, BlobServiceClient(account_url, credential=credential) as service:
        container = service.get_container_client(CONTAINER)
        with contextlib.suppress(ResourceExistsError):
            container.create_container()
        container.upload_blob(BLOB, content, overwrite=True)


if __name__ == "__main__":
    upload(sys.argv[1], Path(sys.argv[2]).read_bytes())
