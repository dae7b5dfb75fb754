"""Containers are made when a write finds them missing, and at no other time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


def made_when_missing(container: "ContainerClient", write: Callable[[], object]) -> None:
    """Does `write`; where its container is missing, makes it and does `write` once more. Raises the SDK's errors."""
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

    try:
        write()
    except ResourceNotFoundError as error:
        if getattr(error, "error_code", None) != "ContainerNotFound":
            raise
        try:
            container.create_container()
        except ResourceExistsError as taken:
            # Somebody else made it meanwhile; but one that is being deleted stays unusable for a while.
            if getattr(taken, "error_code", None) != "ContainerAlreadyExists":
                raise
        write()
