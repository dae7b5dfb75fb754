"""Prepared answers of a service, below the SDK's own transport: everything above the socket is real."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from azure.core import PipelineClient
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

type Answer = tuple[int, Mapping[str, str], Any]  # status, headers, JSON body or None for an empty one


class Answers(HTTPAdapter):
    """Gives the prepared answers one after another and notes what was asked, without queries."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self._answers = list(answers)
        self.asked: list[str] = []

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.asked.append(f"{request.method} {(request.url or '').partition('?')[0]}")
        status, headers, body = self._answers.pop(0)
        content = b"" if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
        raw = HTTPResponse(BytesIO(content), headers=given, status=status, preload_content=False)
        return self.build_response(request, raw)

    def transport(self) -> RequestsTransport:
        """The SDK's transport over these answers."""
        session = Session()
        session.mount("https://", self)
        return RequestsTransport(session=session, session_owner=False)


def answered(status: int, headers: Mapping[str, str], body: Any) -> HttpResponse:
    """One answer as the SDK hands it to those that make errors of it."""
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
        "https://management.azure.com", policies=[], transport=Answers((status, headers, body)).transport()
    )
    return client.send_request(HttpRequest("GET", "https://management.azure.com/x"))
