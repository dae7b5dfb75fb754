import logging

import pytest

from local.host.redaction import RedactingFormatter


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("https://a/b?sv=1&sig=abc%2F&se=2", "https://a/b?sv=1&sig=***&se=2"),
        ("GET /api/x?code=abc&y=1", "GET /api/x?code=***&y=1"),
        ("AccountName=a;AccountKey=abc==;X=1", "AccountName=a;AccountKey=***;X=1"),
        ("{'x-functions-key': 'abc'}", "{'x-functions-key': '***'}"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("encode=1, signature, discoverable", "encode=1, signature, discoverable"),
    ],
)
def test_secrets_are_blanked(text: str, logged: str) -> None:
    record = logging.LogRecord("name", logging.INFO, "path", 1, "%s", (text,), None)
    assert RedactingFormatter("%(message)s").format(record) == logged
