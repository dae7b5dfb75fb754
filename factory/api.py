"""The HTTP client of a running app. Every trouble becomes one ApiError with a message for people, without the key."""

import json
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from factory.errors import ApiError

TIMEOUT_SECONDS = 30.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Api:
    """One running app: its address, such as https://my-factory.azurewebsites.net, and a key of its functions."""

    def __init__(self, url: str, key: str) -> None:
        host = _host(url)
        if not _is_plain(key):
            raise ApiError(
                "The function key has a character that no key has, such as a blank or a line break. "
                "Copy it again, and pass it with --key or IMAGE_FACTORY_KEY."
            )
        self.url = url.rstrip("/")
        self._key = key
        self._opener = _opener(host)

    def start(self, body: Mapping[str, Any]) -> str:
        """Ask for a run; returns its id."""
        return str(self._json("id", "POST", "/api/runs", json.dumps(body).encode())["id"])

    def newest_runs(self, limit: int = 20) -> list[dict[str, Any]]:
        """The newest runs, newest first; at most 100."""
        return list(self._json("runs", "GET", f"/api/runs?limit={limit}")["runs"])

    def run(self, run_id: str) -> dict[str, Any]:
        """How a run stands."""
        return self._json("status", "GET", f"/api/runs/{quote(run_id, safe='')}")

    def plan(self, run_id: str) -> dict[str, Any]:
        """The changes that a run planned, and their digest."""
        return self._json("changes", "GET", f"/api/runs/{quote(run_id, safe='')}/plan")

    def cancel(self, run_id: str) -> dict[str, Any]:
        """Cancel a run; returns its id and status."""
        return self._json("id", "POST", f"/api/runs/{quote(run_id, safe='')}/cancel", b"{}")

    def report(self, run_id: str, form: str) -> bytes:
        """The report of a run that has ended, as `html`, `json` or `csv`."""
        return self._send("GET", f"/api/runs/{quote(run_id, safe='')}/report?format={form}")

    def _json(self, wanted: str, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """The JSON object of an answer, which must have the key `wanted`."""
        content = self._send(method, path, body)
        try:
            value = json.loads(content)
        except ValueError:
            value = None
        if not isinstance(value, dict) or wanted not in value:
            raise ApiError(f"{method} {self.url}{path} did not answer as an image factory does. Is the address right?")
        return value

    def _send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"x-functions-key": self._key, "Content-Type": "application/json"}
        request = Request(self.url + path, data=body, method=method, headers=headers)  # noqa: S310 (checked above)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return bytes(response.read())
        except HTTPError as error:
            with error:
                raise ApiError(_problem(error), error.code) from None
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise ApiError(
                f"{self.url} does not answer: {reason}. Is the app running, and is the address right?"
            ) from None


def _host(url: str) -> str:
    """The host of an app's address. Raises ApiError, which never shows the address: it may hold a key, or be one."""
    with suppress(ValueError):  # a port that is no number, or brackets around what is no address
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        more = parts.query or parts.fragment or parts.username is not None
        if _is_plain(url) and parts.scheme in ("http", "https") and host and not more:
            if parts.scheme == "http" and host not in LOOPBACK:
                raise ApiError(f"http://{host} would get the function key unencrypted. Use https.")
            return host
    raise ApiError(
        "What --url or IMAGE_FACTORY_URL gives is no address of an app; it looks like "
        "https://my-factory.azurewebsites.net, and has nothing after a question mark."
    )


def _is_plain(text: str) -> bool:
    """Whether a header or an address can hold it."""
    return text.isascii() and text.isprintable() and " " not in text


def _opener(host: str) -> OpenerDirector:
    """A proxy of the environment must not be asked for this machine."""
    return build_opener(ProxyHandler({})) if host in LOOPBACK else build_opener()


def _problem(error: HTTPError) -> str:
    """What an application/problem+json says, findings included; without one, the status and what it means here."""
    try:
        problem = json.loads(error.read())
    except (ValueError, OSError, HTTPException):
        problem = {}
    if not isinstance(problem, dict) or not (problem.get("detail") or problem.get("title")):
        if error.code in (401, 403):
            return "The app refuses the function key. Pass the right one with --key or IMAGE_FACTORY_KEY."
        return f"The app answered {error.code} {error.reason}."
    findings = [_finding(each) for each in problem.get("findings", ()) if isinstance(each, dict)]
    return "\n".join([str(problem.get("detail") or problem["title"]), *findings])


def _finding(finding: Mapping[str, Any]) -> str:
    place = finding.get("path") or "the document"
    return f"  {place}: {finding.get('severity')} {finding.get('code')}: {finding.get('message')}"
