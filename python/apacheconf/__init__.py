"""Read, search, edit and check the configuration of Apache httpd.

Two views of a configuration:

``open(path)`` and ``parse(text)`` give a `File`: one file's text as a tree of
directives, sections, comments and blank lines, which can be edited and is
written back byte for byte where nothing was changed. Nothing is expanded.

``load(path)`` gives a `Config`: the main file with all that it includes, as
Apache has it after reading: ``Include``, ``Define``, ``<IfModule>`` and macros
carried out, ``${VAR}`` replaced. Each `Item` knows its file and line, and its
``source``, the node to edit.

``check(path)`` asks the server, ``httpd-wsgi check``, whether it would take a
configuration.

A configuration is bytes in no particular encoding. All strings here are text
decoded from UTF-8 with ``surrogateescape``, as in `os.fsdecode`: bytes that are not
UTF-8 survive, and ``bytes(file)`` gives them as they are.

All of it may be used from several threads at once. A process that has used it
must not use it after ``os.fork()`` without ``exec``: that raises `ForkError`.
"""

from ._check import Finding, NotReady, Report, check
from ._config import Config, Included, Item, environment, load
from ._errors import (
    ApacheConfError,
    CheckError,
    ChangedError,
    ConfigError,
    EditError,
    ForkError,
    Problem,
)
from ._file import (
    Blank,
    Comment,
    Directive,
    File,
    Node,
    Section,
    StrayEnd,
    directive,
    open,
    parse,
    quote,
    split,
)

__all__ = [
    "ApacheConfError", "Blank", "ChangedError", "CheckError", "Comment", "Config", "ConfigError",
    "Directive", "EditError", "File", "Finding", "ForkError", "Included", "Item", "Node", "NotReady",
    "Problem", "Report", "Section", "StrayEnd", "check", "directive", "environment", "load", "open", "parse",
    "quote", "split",
]
