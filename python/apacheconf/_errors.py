"""The exceptions, and what a problem is."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple


class Problem(NamedTuple):
    """Something wrong at a place in a file."""

    file: Optional[str]
    line: int
    message: str
    level: str = "error"
    """``"error"``, or what Apache would log it as, ``"warn"`` for example."""

    def __str__(self) -> str:
        return "%s:%d: %s" % (self.file, self.line, self.message) if self.file else self.message


class ApacheConfError(Exception):
    """What all exceptions of this package are."""


class ConfigError(ApacheConfError):
    """A configuration that Apache would not read. ``str()`` is Apache's message."""

    def __init__(self, text: str, file: Optional[str], line: int, message: str,
                 included_from: Tuple[Tuple[str, int], ...] = ()) -> None:
        super().__init__(text)
        self.file = file
        """The file, or None if no place is to blame, as when the main file is missing."""
        self.line = line
        self.message = message
        """The message without place."""
        self.included_from = included_from
        """File and line of each Include that led there, innermost first."""


class EditError(ApacheConfError, ValueError):
    """An edit that would read back as something else, or has no place. Nothing was changed."""


class ChangedError(ApacheConfError):
    """The file on disk is not what was read."""


class CheckError(ApacheConfError):
    """``httpd-wsgi check`` could not be run, or its answer not be understood."""


class ForkError(ApacheConfError, RuntimeError):
    """Used in a process forked from one that had used it already."""
