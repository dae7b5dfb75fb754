"""Reads text as JSON with places; what Python's json accepts is read with the same values.

The usual mistakes of people who write JSON by hand are named with their remedy and read over, so that one reading finds
them all. What a document means is not judged here.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from shared.domain.json_places import LINE_END, Array, Document, Fault, Member, Node, Object, Scalar

MAX_DEPTH = 32
# More would tell the reader nothing new; it also bounds the work on a file that is no JSON at all.
MAX_FAULTS = 50


def read(content: bytes) -> Document:
    """Reads bytes in UTF-8, UTF-16 or UTF-32, with or without byte order mark, as JSON. Raises nothing."""
    encoding = json.detect_encoding(content)
    try:
        return read_text(content.decode(encoding))
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "replace")
        message = (
            "The text is neither UTF-8 nor UTF-16: a character here is in another encoding. "
            "Save it again as UTF-8 (Notepad: Save as, Encoding UTF-8)."
        )
        return Document(before, None, (Fault("not-utf", message, len(before)),))


def read_text(text: str) -> Document:
    """Reads a text as JSON. Raises nothing: what is wrong is in the document's faults."""
    return _Reader(text).read()


_BLANKS = re.compile(r"[ \t\n\r]*")
_COMMENT = re.compile(r"//[^\r\n]*|#[^\r\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
# Blank to the eye, but not to JSON: they come with text copied from web pages and mails.
_ODD_BLANK = re.compile(r"(?:(?![ \t\n\r])\s|[\u200b\u2060\ufeff])+")
_SIMPLE_TEXT = re.compile(r'"([^"\\\x00-\x1f]*)"')
_TEXT_ON_ONE_LINE = re.compile(r'"((?:[^"\\\r\n]|\\.)*)"')
# A path that ends in a backslash swallows its own closing quote: "Win2016\",
_TEXT_TO_LAST_QUOTE = re.compile(r'"([^"\r\n]*)"(?=[ \t]*(?:[,\]}:]|$))', re.MULTILINE)
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|(?P<lone>\\)')
_OTHER_QUOTES = re.compile(r"'([^'\r\n]*)'|[\u201c\u201d\u201e]([^\u201c\u201d\"\r\n]*)[\u201c\u201d\"]")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[^\W\d][\w./\\$-]*|-Infinity")
_WORDS: dict[str, float | bool | None] = {"true": True, "false": False, "null": None}
_WORDS |= {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_MEANT = {"true": "true", "false": "false", "null": "null", "none": "null", "undefined": "null"}
_CLOSING = {"{": "}", "[": "]"}
# What stands between two tokens of sound JSON; anything else may be a comment or an odd blank.
_ORDINARY = '{}[]",:-0123456789tfn'
_STRICT, _TOLERANT = json.JSONDecoder(), json.JSONDecoder(strict=False)


class _UnreadableError(Exception):
    """Reading cannot go on; the fault has been noted."""


class _Reader:
    """One pass over a text. Each method takes the offset where something begins and gives the one where it ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._faults: list[Fault] = []
        self._open: list[int] = []  # where the brackets that are still open stand

    def read(self) -> Document:
        root: Node | None = None
        with suppress(_UnreadableError):
            start = self._skip(0)
            if start == len(self._text):
                self._stop(
                    "The document is empty. Write it again: the upload may have been cut off.", start, code="empty-file"
                )
            root, end = self._value(start)
            end = self._skip(end)
            if end < len(self._text):
                self._stop(f"The document ends before this {self._shown(end)}. Remove what follows its end.", end)
        return Document(self._text, root, tuple(self._faults))

    def _value(self, at: int) -> tuple[Node, int]:
        char = self._text[at : at + 1]
        if char == '"':
            value, end = self._string(at)
            return Scalar(value, at), end
        if char == "{":
            members, end = self._entries(at, self._member)
            return Object(tuple(members), at, end), end
        if char == "[":
            items, end = self._entries(at, self._value)
            return Array(tuple(items), at), end
        if (number := _NUMBER.match(self._text, at)) is not None:
            return Scalar(self._number(number), at), number.end()
        if (word := _WORD.match(self._text, at)) is not None:
            return Scalar(self._word(word), at), word.end()
        text, end = self._otherwise_quoted(at, "a value")
        return Scalar(text, at), end

    def _entries[T](self, start: int, entry: Callable[[int], tuple[T, int]]) -> tuple[list[T], int]:
        """The entries between two brackets, commas checked."""
        if len(self._open) == MAX_DEPTH:
            self._stop(f"Brackets stand more than {MAX_DEPTH} deep here. Remove the needless ones.", start)
        self._open.append(start)
        found: list[T] = []
        close, comma, at = _CLOSING[self._text[start]], None, self._skip(start + 1)
        while self._text[at : at + 1] != close:
            if self._text[at : at + 1] == ",":
                self._note("This comma is one too many. Remove it.", at)
                at = self._skip(at + 1)
                continue
            value, end = entry(at)
            found.append(value)
            at, comma = self._skip(end), None
            if self._text[at : at + 1] == ",":
                comma, at = at, self._skip(at + 1)
            elif self._text[at : at + 1] != close:
                self._expect_comma(end, at)
        if comma is not None:
            self._note(f"This comma is one too many: `{close}` follows. Remove the comma.", comma)
        self._open.pop()
        return found, at + 1

    def _member(self, at: int) -> tuple[Member, int]:
        key, end = self._key(at)
        colon = self._skip(end)
        if self._text[colon : colon + 1] != ":":
            self._stop(f"After the key {_quoted(key)} a colon and its value are missing.", end)
        node, end = self._value(self._skip(colon + 1))
        return Member(key, node, at), end

    def _key(self, at: int) -> tuple[str, int]:
        if self._text[at : at + 1] == '"':
            return self._string(at)
        if (word := _WORD.match(self._text, at)) is not None:
            self._note(f'A key stands in double quotes. Write "{word[0]}".', at)
            return word[0], word.end()
        return self._otherwise_quoted(at, "a key in double quotes")

    def _string(self, at: int) -> tuple[str, int]:
        if (simple := _SIMPLE_TEXT.match(self._text, at)) is not None:
            return simple[1], simple.end()
        try:
            text, end = _STRICT.raw_decode(self._text, at)
        except json.JSONDecodeError:
            return self._faulty_string(at)
        return text, end

    def _faulty_string(self, at: int) -> tuple[str, int]:
        whole = _TEXT_ON_ONE_LINE.match(self._text, at) or _TEXT_TO_LAST_QUOTE.match(self._text, at)
        if whole is None:
            self._stop('The text that begins here has no closing `"` on its line. Add it where the text ends.', at)
        lone = next((escape for escape in _ESCAPE.finditer(whole[1]) if escape["lone"]), None)
        if lone is None:
            self._note("A tab or another control character stands in this text. Remove it.", at)
            text, end = _TOLERANT.raw_decode(self._text, at)
            return text, end
        better = re.sub(r"\\+", "/", whole[1])
        message = (
            f"JSON takes a single backslash for the start of an escape. Write {_quoted(better)}, or double it: `\\\\`."
        )
        self._note(message, whole.start(1) + lone.start())
        return better, whole.end()

    def _otherwise_quoted(self, at: int, expected: str) -> tuple[str, int]:
        """A text in quotes that JSON does not know; anything else ends the reading."""
        if (quotes := _OTHER_QUOTES.match(self._text, at)) is None:
            self._unexpected(at, expected)
        text = quotes[1] or quotes[2] or ""
        self._note(f'JSON knows double quotes (") only. Write {_quoted(text)}.', at)
        return text, quotes.end()

    def _number(self, number: re.Match[str]) -> int | float:
        whole, fraction, exponent = number.groups()
        try:
            return float(number[0]) if fraction or exponent else int(whole)
        except ValueError:  # Python reads no whole number of more than 4,300 digits.
            self._stop("This number is too long.", number.start())

    def _word(self, word: re.Match[str]) -> str | float | bool | None:
        text = word[0]
        if text in _WORDS:
            return _WORDS[text]
        if (meant := _MEANT.get(text.lower())) is not None:
            self._note(f"JSON knows no `{text}`. Write `{meant}`.", word.start())
            return _WORDS[meant]
        better = re.sub(r"\\+", "/", text)
        self._note(f"A text stands in double quotes. Write {_quoted(better)}.", word.start())
        return better

    def _skip(self, at: int) -> int:
        """Past blanks; comments, and blanks that JSON does not know, are noted."""
        while True:
            at = at if (blanks := _BLANKS.match(self._text, at)) is None else blanks.end()
            if self._text[at : at + 1] in _ORDINARY:
                return at
            if (comment := _COMMENT.match(self._text, at)) is not None:
                self._note('JSON knows no comments. Remove it, or give it a key: `"_comment": "..."`.', at)
                at = comment.end()
            elif (odd := _ODD_BLANK.match(self._text, at)) is not None:
                self._note(f"An invisible character (U+{ord(self._text[at]):04X}) stands here. Remove it.", at)
                at = odd.end()
            else:
                return at

    def _expect_comma(self, end: int, at: int) -> None:
        """Between two entries a comma was forgotten; anything else ends the reading."""
        char = self._text[at : at + 1]
        if char and char not in "]}:" and (char in '"{[' or LINE_END.search(self._text, end, at)):
            self._note("A comma is missing after this value, for another one follows. Add it.", end - 1)
        else:
            self._unexpected(at, "a comma or the end of the list or object")

    def _unexpected(self, at: int, expected: str) -> NoReturn:
        opened = self._open[-1] if self._open else None
        if opened is None:
            self._stop(f"Here must be {expected}, not {self._shown(at)}.", at)
        bracket = self._text[opened]
        line = len(LINE_END.findall(self._text, 0, opened)) + 1
        close = f"the `{bracket}` of line {line} is not closed. Add `{_CLOSING[bracket]}`"
        if at == len(self._text):
            self._stop(f"The text ends too early: {close}.", at)
        if self._text[at] in "]}" and self._text[at] != _CLOSING[bracket]:
            self._stop(f"Here is {self._shown(at)}, but {close} before it.", at)
        remedy = 'If it belongs to a text, write `\\"` for a quote and `/` for a backslash there.'
        self._stop(f"Here must be {expected}, not {self._shown(at)}. {remedy}", at)

    def _shown(self, at: int) -> str:
        """The character here, or its number where the eye cannot see it."""
        char = self._text[at]
        return f"`{char}`" if char.isprintable() else f"the character U+{ord(char):04X}"

    def _note(self, message: str, at: int, code: str = "not-json") -> None:
        self._faults.append(Fault(code, message, at))
        if len(self._faults) == MAX_FAULTS:
            raise _UnreadableError

    def _stop(self, message: str, at: int, code: str = "not-json") -> NoReturn:
        self._faults.append(Fault(code, message, at))
        raise _UnreadableError


def _quoted(text: str) -> str:
    """A text as it should be written, cut where it is long."""
    return json.dumps(text if len(text) <= 80 else f"{text[:77]}...", ensure_ascii=False)
