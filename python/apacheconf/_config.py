"""A main file with all that it includes, as Apache has it after reading."""

from __future__ import annotations

import os
import subprocess
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Type

from ._errors import ChangedError, ConfigError, Problem
from ._file import File, Path, open as open_file, split
from ._native import Handle, Text, native, to_text, unwire, unwire_list, wire, wire_list

#: What Debian's Apache has built in, as ``<IfModule>`` asks for it. Elsewhere these are loaded by LoadModule.
STATIC_MODULES = tuple(
    name for short in ("so", "watchdog", "log_config", "logio", "version", "unixd")
    for name in (short + "_module", "mod_" + short + ".c")
) + ("core_module", "core.c", "http_module", "http_core.c")


class Included(NamedTuple):
    """A file that was read."""

    file: str
    line: int
    """The line of the Include in the including file; 0 for the main file."""
    depth: int
    """0 for the main file, 1 for what it includes, and so on."""


class _Items:
    """What has items below it."""

    __slots__ = ()

    children: "List[Item]"

    def __iter__(self) -> "Iterator[Item]":
        return iter(self.children)

    def walk(self) -> "Iterator[Item]":
        """All items at any depth, in the order in which Apache has them."""
        waiting = [iter(self.children)]
        while waiting:
            for item in waiting[-1]:
                yield item
                if item.children:
                    waiting.append(iter(item.children))
                    break
            else:
                waiting.pop()

    def find(self, name: str, *args: str) -> "List[Item]":
        """Give the directives and sections of that name at any depth.

        Capitals and small letters are the same in names. A section is named without bracket. With args, only those whose first
        arguments are these.
        """
        name = name.lower()
        return [i for i in self.walk()
                if i.name.lower() == name and (not args or i.args[: len(args)] == args)]

    def first(self, name: str, *args: str) -> "Optional[Item]":
        """Give the first that `find` would give, or None."""
        found = self.find(name, *args)
        return found[0] if found else None


class Item(_Items):
    """A directive or section in force, ``${VAR}`` replaced. It cannot be changed: its `source` can."""

    __slots__ = ("config", "name", "raw_args", "file", "line", "end_line", "is_section", "parent", "children", "_args")

    def __init__(self, config: "Config", name: str, raw_args: str, file: str, line: int, end_line: int,
                 is_section: bool, parent: "Optional[Item]") -> None:
        self.config = config
        self.name = name
        """The name as written; of a section, without bracket."""
        self.raw_args = raw_args
        """The arguments' text, quotes and all."""
        self.file = file
        """The file; of what a macro gives, Apache's words for that place."""
        self.line = line
        """The line; of a continued one the last, as in Apache's messages."""
        self.end_line = end_line
        """The line of the closing tag; 0 for a directive."""
        self.is_section = is_section
        self.parent = parent
        """The section that it is in, or None."""
        self.children: List[Item] = []
        """What is in the section."""
        self._args: Optional[Tuple[str, ...]] = None

    @property
    def args(self) -> Tuple[str, ...]:
        """The arguments, split as Apache splits them."""
        if self._args is None:
            self._args = tuple(split(self.raw_args))
        return self._args

    @property
    def location(self) -> str:
        """``file:line``."""
        return "%s:%d" % (self.file, self.line)

    @property
    def source(self) -> Optional[Any]:
        """The node to edit, in a file of `Config.file`; None for what a macro or an option gives.

        One line of a file that is included twice is one node of two items.
        """
        return self.config._source(self)

    def __repr__(self) -> str:
        return "<apacheconf.Item %s %s%s %s>" % (self.location, "<" if self.is_section else "", self.name, self.raw_args)


class Config(_Items):
    """The outcome of `load`. Iterating gives the items outside all sections.

    As a context manager it saves, at the end, the files that were changed, if no exception came by.
    """

    def __init__(self, path: str, result: Handle) -> None:
        n, number = native(), result.number
        self.path = path
        """The main file."""
        self.server_root: str = unwire(n.bind_Result_ServerRoot(number))
        """The ServerRoot in force at the end."""
        f = unwire_list(n.bind_Result_Included(number))
        self.included: List[Included] = [Included(f[i], int(f[i + 1]), int(f[i + 2])) for i in range(0, len(f), 3)]
        """The files that were read, in order."""
        d = unwire_list(n.bind_Result_Defines(number))
        self.defines: Dict[str, str] = dict(zip(d[::2], d[1::2]))
        """What is defined at the end."""
        w = unwire_list(n.bind_Result_Warnings(number))
        self.warnings: List[Problem] = [
            Problem(w[i] or None, int(w[i + 1]), w[i + 3], w[i + 2]) for i in range(0, len(w), 4)]
        """What Apache would log while reading."""
        self.children = self._items(unwire_list(n.bind_Result_Items(number)))
        """The items outside all sections."""
        self._files: Dict[str, Tuple[File, Dict[int, Any]]] = {}

    def _items(self, fields: List[str]) -> List[Item]:
        top: List[Item] = []
        open_sections: List[Item] = []
        values = iter(fields)
        for name, args, file, line, end, section, depth in zip(*[values] * 7):
            del open_sections[int(depth):]
            parent = open_sections[-1] if open_sections else None
            item = Item(self, name, args, file, int(line), int(end), section == "1", parent)
            (parent.children if parent else top).append(item)
            open_sections.append(item)
        return top

    @property
    def files(self) -> List[str]:
        """The paths of the files that were read, each once, in order."""
        return list(dict.fromkeys(i.file for i in self.included))

    def file(self, path: Path) -> File:
        """Give one of the files to edit. It is read when first asked for; `save` saves all that were given."""
        return self._opened(os.fsdecode(path))[0]

    def _opened(self, path: str) -> Tuple[File, Dict[int, Any]]:
        if path not in self._files:
            if path not in self.files:
                raise KeyError("%s is not part of the configuration" % path)
            file = open_file(path)
            nodes = file._lines()
            for item in self.walk():
                if item.file == path and not _is_source(nodes.get(item.line), item):
                    raise ChangedError("%s is no longer what was read" % path)
            self._files[path] = file, nodes
        return self._files[path]

    def _source(self, item: Item) -> Optional[Any]:
        return self._opened(item.file)[1][item.line] if item.file in self.files else None

    def save(self) -> None:
        """Save the files that were changed; see `File.save`. If one of them has changed on disk, none is saved."""
        changed = [f for f, _ in self._files.values() if f.modified]
        for f in changed:
            f._unchanged()
        for f in changed:
            f.save()

    def __enter__(self) -> "Config":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Any, traceback: Any) -> None:
        if kind is None:
            self.save()

    def __repr__(self) -> str:
        return "<apacheconf.Config %s>" % self.path


def _is_source(node: Optional[Any], item: Item) -> bool:
    """Tell whether the node may be what the item was read from. Variables and quotes make another name of what is written."""
    return node is not None and (node.is_named(item.name) or any(c in node.name for c in "$\"'\\"))


def load(path: Path, *, server_root: Optional[Path] = None, defines: Iterable[Text] = (), before: Iterable[Text] = (),
         after: Iterable[Text] = (), env: Optional[Mapping[str, str]] = None,
         modules: Iterable[str] = STATIC_MODULES, directives: Optional[Iterable[str]] = None) -> Config:
    """Read a main file and all that it includes, as Apache does.

    server_root is where relative paths begin until a ServerRoot directive says otherwise (Apache's -d; default: the main file's
    directory). defines, before and after are -D, -C and -c. env is where ``${VAR}`` looks for what is not defined, by default
    `os.environ`; see `environment`.

    ``<IfModule>`` is true for modules and for those that a LoadModule line before it names; whether the module is installed
    makes no difference. ``<IfDirective>`` and ``<IfSection>`` are true for directives (sections written ``<Name``), and always
    if that is None.

    ConfigError is raised for what Apache would not read. Whether the directives are right is for `check` to say.
    """
    main = os.path.abspath(os.fsdecode(path))
    n = native()
    loader = Handle(n.bind_NewLoader(wire(os.path.abspath(os.fsdecode(server_root)) if server_root is not None else os.path.dirname(main))))
    n.bind_Loader_Modules(loader.number, wire_list(list(modules)))
    if directives is not None:
        n.bind_Loader_Directives(loader.number, wire_list(list(directives)))
    n.bind_Loader_Environment(loader.number, wire_list([s for pair in (os.environ if env is None else env).items() for s in pair]))
    n.bind_Loader_Defines(loader.number, wire_list(list(defines)))
    n.bind_Loader_Lines(loader.number, wire_list(list(before)), wire_list(list(after)))
    result = Handle(n.bind_Loader_Load(loader.number, wire(main)))
    e = unwire_list(n.bind_Result_Failure(result.number))
    if e:
        chain = tuple(zip(e[4::2], map(int, e[5::2])))
        raise ConfigError(e[3], e[0] or None, int(e[1]), e[2], chain)
    return Config(main, result)


def environment(script: Path, env: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """Give the environment that a shell has after ``. script``, such as Debian's /etc/apache2/envvars.

    It begins with env, by default `os.environ`. The script is run.
    """
    done = subprocess.run(["/bin/sh", "-c", '. "$1" >&2 && exec /usr/bin/env -0', "sh", os.path.abspath(os.fsdecode(script))],
                          env=None if env is None else dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    pairs = (to_text(v).partition("=") for v in done.stdout.split(b"\0") if v)
    return {name: value for name, _, value in pairs}
