"""From a file's bytes to its syntax tree, or to the reason why there is none."""

from __future__ import annotations

import ast
import codecs
import warnings

from .facts import Fault

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotPythonError(Exception):
    """The source has no syntax tree. `other_grammar`: another Python might make one."""

    def __init__(self, fault: Fault, *, other_grammar: bool = False) -> None:
        super().__init__(fault.reason)
        self.fault = fault
        self.other_grammar = other_grammar


def parse(source: bytes) -> ast.Module:
    """The syntax tree; never a warning on the terminal.

    Raises:
        NotPythonError: there is none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except SyntaxError as error:
            encoding = _encoding_fault(source)
            if encoding is not None:
                raise NotPythonError(encoding) from None
            raise NotPythonError(_fault(error), other_grammar=True) from None
        except ValueError as error:
            raise NotPythonError(_encoding_fault(source) or Fault(str(error))) from None
        except (RecursionError, MemoryError):
            raise NotPythonError(Fault("it is nested too deeply")) from None


def tree_or_none(source: bytes) -> ast.Module | None:
    """The same for those who have no use for the reason."""
    try:
        return parse(source)
    except NotPythonError:
        return None


def _fault(error: SyntaxError) -> Fault:
    text = (error.text or "").rstrip("\r\n")
    return Fault(
        f"{type(error).__name__}: {error.msg}", error.lineno or None, error.offset or None, text
    )


def _encoding_fault(source: bytes) -> Fault | None:
    """Why the bytes are no text of the encoding that they should have."""
    if source.startswith(UTF_16):
        return Fault("it is UTF-16, and Python reads UTF-8: save it as UTF-8", 1)
    null = source.find(b"\0")
    if null >= 0:
        return Fault("it has null bytes, so it is no text", _line(source, null))
    try:
        source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start + (3 if source.startswith(codecs.BOM_UTF8) else 0)
        if not _declares_encoding(source):
            byte = f"byte 0x{source[place]:02x}"
            return Fault(
                f"it is not UTF-8 ({byte}): save it as UTF-8, or declare its encoding in line 1",
                _line(source, place),
            )
    return None


def _declares_encoding(source: bytes) -> bool:
    return any(b"coding" in line for line in source.split(b"\n", 2)[:2])


def _line(source: bytes, place: int) -> int:
    return source.count(b"\n", 0, place) + 1
