"""Takes secrets out of text that people or histories will see. It errs on the side of removing too much."""

import re

_SECRETS = re.compile(
    r"(?i)(?P<name>\b(?:sig=|code=|(?:sharedaccesssignature|accountkey|x-functions-key|authorization)\s*[=:]\s*))"
    r"(?:(?:bearer|sharedkey)\s+)?[^\s&\"'<>,;]+"
)
_QUERY = re.compile(r"(?i)(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+")
_BEARER = re.compile(r"(?i)\bbearer\s+[a-z0-9._~+/-]+=*")


def redact(text: str) -> str:
    """The text without query strings of URLs, signatures, keys and bearer tokens."""
    without_queries = _QUERY.sub(r"\1?…", text)
    return _BEARER.sub("Bearer …", _SECRETS.sub(r"\g<name>…", without_queries))
