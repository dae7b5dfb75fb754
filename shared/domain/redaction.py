"""Takes secrets out of text that people or histories will see. It errs on the side of removing too much."""

import re

_SECRETS = re.compile(
    r"(?i)(?P<name>\b(?:sig=|code=|(?:sharedaccesssignature|accountkey|x-functions-key|authorization)\s*[=:]\s*))"
    r"(?:(?:bearer|sharedkey)\s+)?[^\s&\"'<>,;]+"
)
# Each address is taken whole, with a query or without one: else every `http://` would be looked at to its end again.
_ADDRESS = re.compile(r"(?i)(https?://[^\s?\"'<>]+)(\?[^\s\"'<>]+)?")
_BEARER = re.compile(r"(?i)\bbearer\s+[a-z0-9._~+/-]+=*")


def redact(text: str) -> str:
    """The text without query strings of URLs, signatures, keys and bearer tokens."""
    without_queries = _ADDRESS.sub(lambda found: f"{found[1]}?…" if found[2] else found[1], text)
    return _BEARER.sub("Bearer …", _SECRETS.sub(r"\g<name>…", without_queries))
