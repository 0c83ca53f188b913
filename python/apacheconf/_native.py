"""The way to the extension module _bind, which gopy makes of the Go package python/bind.

It is loaded at the first use, for two reasons. It brings the threads of Go's run time, and those do not survive
fork(): whoever forks before needs none of this. And gopy's own Python wrapper, which is not used, changes the
working directory of the whole process while it is imported.

Its functions release Python's lock while Go works.
"""

from __future__ import annotations

import os
from typing import Any, List, Optional, Sequence, Union

from ._errors import ForkError

Text = Union[str, bytes]

_module: Optional[Any] = None
_forked = False


def _after_fork() -> None:
    global _forked
    _forked = _module is not None


os.register_at_fork(after_in_child=_after_fork)


def native() -> Any:
    """Give the extension module."""
    global _module
    if _forked:
        raise ForkError(
            "apacheconf was used before this process was forked; use it only after the fork, "
            'or start processes with multiprocessing\'s method "spawn" or with subprocess')
    if _module is None:
        from . import _bind
        _module = _bind
    return _module


class Handle:
    """A Go value of which Python holds the number. It goes when the last reference to this goes."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number
        native().IncRef(number)

    def __del__(self) -> None:
        # In a forked process, Go's locks may be held by threads that are no more.
        if _module is not None and not _forked:
            _module.DecRef(self.number)


_TO_NUL = {0: 0x100}


def to_bytes(text: Text) -> bytes:
    """Encode text as this package does; bytes are themselves."""
    if isinstance(text, str):
        return text.encode("utf-8", "surrogateescape")
    return bytes(text)


def to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def wire(text: Text) -> str:
    """Make a string for Go; see the Go package."""
    if isinstance(text, str) and text.isascii():
        return text.replace("\0", "\u0100")
    return to_bytes(text).decode("latin-1").replace("\0", "\u0100")


def unwire(text: str) -> str:
    """Make a string of Go's."""
    if text.isascii():
        return text
    return to_text(text.replace("\u0100", "\0").encode("latin-1"))


def unwire_bytes(text: str) -> bytes:
    """Make bytes of Go's."""
    return text.replace("\u0100", "\0").encode("latin-1")


def wire_list(elements: Sequence[Text]) -> str:
    return "".join([wire(e) + "\u0101" for e in elements])


def unwire_list(text: str) -> List[str]:
    return [unwire(e) for e in text.split("\u0101")[:-1]]


def numbers(text: str) -> List[int]:
    return [int(n) for n in text.split()]
