"""What the front says in storage's own form: errors, and the state of copies in headers and listings."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from html import unescape
from xml.sax.saxutils import escape

from aiohttp import web

SERVICE_VERSION = "2026-06-06"
"""The newest version Azurite 3.37 knows; the front speaks it in its own requests."""

_COPY_ELEMENTS = {
    "x-ms-copy-id": "CopyId",
    "x-ms-copy-status": "CopyStatus",
    "x-ms-copy-source": "CopySource",
    "x-ms-copy-progress": "CopyProgress",
    "x-ms-copy-completion-time": "CopyCompletionTime",
    "x-ms-copy-status-description": "CopyStatusDescription",
}
_LISTED_BLOB = re.compile(r"<Blob>.*?</Blob>", re.DOTALL)
_LISTED_NAME = re.compile(r"<Name>(.*?)</Name>", re.DOTALL)


def refusal(status: int, code: str, message: str, **details: str) -> web.Response:
    """Return an error answer of storage; `details` become elements beside code and message."""
    request_id, now = str(uuid.uuid4()), dt.datetime.now(dt.UTC)
    text = f"{message}\nRequestId:{request_id}\nTime:{now.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}"
    elements = {"Code": code, "Message": text, **details}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in elements.items())
    return web.Response(
        status=status,
        text=f'<?xml version="1.0" encoding="utf-8"?><Error>{inner}</Error>',
        content_type="application/xml",
        headers={"x-ms-error-code": code, "x-ms-request-id": request_id, "x-ms-version": SERVICE_VERSION},
    )


def http_date(moment: dt.datetime) -> str:
    """Return a UTC moment as storage writes it in headers, in whole seconds."""
    return format_datetime(moment, usegmt=True)


def with_copies(listing: str, copy_headers: Callable[[str], Mapping[str, str]]) -> str:
    """Return a List Blobs body in which each blob that `copy_headers` knows by its name shows its copy."""

    def shown(blob: re.Match[str]) -> str:
        name = _LISTED_NAME.search(blob[0])
        headers = copy_headers(unescape(name[1])) if name else {}
        inner = "".join(
            f"<{element}>{escape(headers[header])}</{element}>"
            for header, element in _COPY_ELEMENTS.items()
            if header in headers
        )
        return blob[0].replace("</Properties>", inner + "</Properties>", 1)

    return _LISTED_BLOB.sub(shown, listing)
