"""Keeps secrets out of the log: signatures, keys and tokens that a message might carry."""

import logging
import re
from typing import override

_SECRET = re.compile(
    r"(?i)(\bsig=|\bcode=|accountkey=|sharedaccesssignature=|x-functions-key['\"]?[:=] ?['\"]?|bearer )[^\s&;'\",]+"
)


class RedactingFormatter(logging.Formatter):
    """Formats a record and blanks the secrets in it, tracebacks included."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Give the record as text without secrets."""
        return _SECRET.sub(r"\1***", super().format(record))
