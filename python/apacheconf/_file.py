"""One file as a tree that can be edited."""

from __future__ import annotations

import builtins
import errno
import os
import tempfile
from collections.abc import MutableSequence
from typing import Any, Dict, Iterable, Iterator, List, Optional, Type, Union

from ._errors import ChangedError, EditError, Problem
from ._native import (
    Handle,
    Text,
    native,
    numbers,
    to_bytes,
    unwire,
    unwire_bytes,
    unwire_list,
    wire,
    wire_list,
)

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def _changing(function: Any, *args: Any) -> str:
    """Call an edit of Go's: gopy makes its errors RuntimeErrors."""
    try:
        return function(*args)
    except RuntimeError as e:
        raise EditError(unwire(str(e))) from None


def quote(*args: Text) -> str:
    """Write arguments so that Apache reads them as they are: quoted where that is needed.

    >>> quote("/srv/my app", 'say "hi"', "plain")
    '"/srv/my app" "say \\\\"hi\\\\"" plain'
    """
    return unwire(_changing(native().bind_Quote, wire_list(args)))


def split(text: Text) -> List[str]:
    """Split the text of arguments as Apache splits it."""
    return unwire_list(native().bind_Split(wire(text)))


def directive(name: str, *args: Text) -> str:
    """Write a directive's line, arguments quoted where they need it."""
    return " ".join(filter(None, (name, quote(*args)))) + "\n"


def _wire_of(what: Union[Text, "Node"]) -> str:
    return wire(what.source if isinstance(what, Node) else what)


class Args(MutableSequence):
    """The arguments of a directive or section, split as Apache splits them; ``${VAR}`` is as written.

    It is a view: what is set here is set in the file. What does not change stays as it was written, with its quotes
    and the white space around it.
    """

    __slots__ = ("_node",)

    def __init__(self, node: "_Named") -> None:
        self._node = node

    def _get(self) -> List[str]:
        n = self._node
        return unwire_list(native().bind_Document_Words(n.file._handle.number, n._id))

    def _set(self, words: Iterable[Text]) -> None:
        n = self._node
        _changing(native().bind_Document_SetWords, n.file._handle.number, n._id, wire_list(list(words)))

    def __len__(self) -> int:
        return len(self._get())

    def __getitem__(self, index: Any) -> Any:
        return self._get()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        words: List[Any] = list(self._get())
        words[index] = value
        self._set(words)

    def __delitem__(self, index: Any) -> None:
        words = self._get()
        del words[index]
        self._set(words)

    def insert(self, index: int, value: Text) -> None:
        words: List[Any] = list(self._get())
        words.insert(index, value)
        self._set(words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._get())

    def __contains__(self, value: object) -> bool:
        return value in self._get()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Args, list, tuple)):
            return self._get() == list(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._get())


class Container:
    """What has nodes in it: a `File` or a `Section`. Iterating gives the nodes one level down."""

    __slots__ = ()

    file: "File"
    _id: int

    @property
    def nodes(self) -> List["Node"]:
        """The nodes one level down."""
        return self._nodes(native().bind_Document_Children(self.file._handle.number, self._id))

    def _nodes(self, ids: str) -> List["Node"]:
        return [_node(self.file, n) for n in numbers(ids)]

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(numbers(native().bind_Document_Children(self.file._handle.number, self._id)))

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: Any) -> Any:
        return self.nodes[index]

    def walk(self) -> Iterator["Node"]:
        """All nodes at any depth, in order of the text."""
        return iter(self._nodes(native().bind_Document_Walk(self.file._handle.number, self._id)))

    def find(self, name: str, *args: str) -> List[Any]:
        """Give the directives and sections of that name at any depth, in order of the text.

        Capitals and small letters are the same in names, as for Apache. A section is named without bracket:
        ``find("VirtualHost")``. With args, only those whose first arguments are these.
        """
        found = self._nodes(native().bind_Document_Find(self.file._handle.number, self._id, wire(name)))
        return [n for n in found if not args or n.args[: len(args)] == list(args)]  # type: ignore[attr-defined]

    def first(self, name: str, *args: str) -> Optional[Any]:
        """Give the first that `find` would give, or None."""
        found = self.find(name, *args)
        return found[0] if found else None

    def insert(self, index: int, what: Union[Text, "Node"]) -> List["Node"]:
        """Put lines before the node at index and give the new nodes.

        what is text, of one or several lines, or a node, of which a copy is taken. Sections in it must be closed. The
        text is indented as its neighbours are, and gets the file's kind of line ends.
        """
        return self._insert(max(0, index + len(self)) if index < 0 else index, what)

    def _insert(self, index: int, what: Union[Text, "Node"]) -> List["Node"]:
        return self._nodes(_changing(native().bind_Document_Insert, self.file._handle.number, self._id, index, _wire_of(what)))

    def append(self, what: Union[Text, "Node"]) -> List["Node"]:
        """Put lines at the end; see `insert`."""
        return self._insert(-1, what)

    def add(self, name: str, *args: Text) -> Any:
        """Put a directive at the end, its arguments quoted where they need it, and give it."""
        return self.append(directive(name, *args))[0]


class File(Container):
    """A file's text as a tree.

    As a context manager it saves itself at the end if it was changed and no exception came by.
    """

    __slots__ = ("path", "_handle", "_id", "_original", "__weakref__")

    def __init__(self, data: Text = b"", path: Optional[Path] = None) -> None:
        """Parse data. Any bytes parse; `problems` says what is wrong with them."""
        self.path: Optional[str] = None if path is None else os.fsdecode(path)
        """The file's path; None if there is none."""
        self._original = to_bytes(data)
        self._handle = Handle(native().bind_Parse(wire(self.path or ""), wire(self._original)))
        self._id = 0

    @property
    def file(self) -> "File":  # type: ignore[override]
        return self

    @property
    def text(self) -> str:
        """The text as it is now; of a file that was not changed, what was read."""
        return unwire(native().bind_Document_Text(self._handle.number))

    def __bytes__(self) -> bytes:
        return unwire_bytes(native().bind_Document_Text(self._handle.number))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return "<apacheconf.File %s>" % (self.path or "without path")

    @property
    def modified(self) -> bool:
        """Whether the text is another than was read or last saved."""
        return bytes(self) != self._original

    def problems(self) -> List[Problem]:
        """Give what is wrong with the file's syntax: sections that do not nest, missing brackets, quotes not closed (warnings)."""
        p = unwire_list(native().bind_Document_Problems(self._handle.number))
        return [Problem(self.path, int(p[i]), p[i + 2], p[i + 1] or "error") for i in range(0, len(p), 3)]

    def at_line(self, line: int) -> Optional[Any]:
        """Give the directive, or the section whose opening tag, is on that line (the last one if it is continued), or None."""
        return self._lines().get(line)

    def _lines(self) -> Dict[int, Any]:
        pairs = iter(numbers(native().bind_Document_Lines(self._handle.number)))
        return {line: _node(self, n) for line, n in zip(pairs, pairs)}

    def save(self, path: Optional[Path] = None, *, force: bool = False) -> None:
        """Write the text to path, by default to where it was read.

        The file is replaced in one step, so that whoever reads it sees the old text or the new, and keeps its mode, owner,
        group and extended attributes. A symbolic link stays one: what it points to is replaced. (A hard link of another name keeps the old text.)
        If what is on disk is not what was read, ChangedError is raised, unless force is set. If nothing was changed, nothing is written.
        """
        data = bytes(self)
        if path is None:
            if self.path is None:
                raise ValueError("the file has no path")
            if data == self._original and not force:
                return
            if not force:
                self._unchanged()
            _replace(self.path, data)
            self._original = data
        else:
            _replace(os.fsdecode(path), data)

    def _unchanged(self) -> None:
        assert self.path is not None
        try:
            with builtins.open(self.path, "rb") as f:
                same = f.read() == self._original
        except FileNotFoundError:
            same = False
        if not same:
            raise ChangedError("%s is no longer what was read" % self.path)

    def __enter__(self) -> "File":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Any, traceback: Any) -> None:
        if kind is None:
            self.save()


class Node:
    """A part of a file. Two are equal if they are the same node of the same file."""

    __slots__ = ("file", "_id")

    def __init__(self, file: File, id: int) -> None:
        self.file = file
        self._id = id

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Node):
            return self.file is other.file and self._id == other._id
        return NotImplemented

    def __hash__(self) -> int:
        return hash((id(self.file), self._id))

    def __repr__(self) -> str:
        source = self.source
        return "<apacheconf.%s %s:%d %r>" % (
            type(self).__name__, self.file.path or "", self.line, source if len(source) < 60 else source[:57] + "...")

    @property
    def source(self) -> str:
        """The node's text with all that is in it, indentation and line end included."""
        return unwire(native().bind_Document_Source(self.file._handle.number, self._id))

    @property
    def line(self) -> int:
        """The line on which it begins, counted from 1, as the text is now."""
        return native().bind_Document_Line(self.file._handle.number, self._id)

    @property
    def column(self) -> int:
        """The column of its first byte that is not white space, in bytes, counted from 1."""
        return native().bind_Document_Column(self.file._handle.number, self._id)

    @property
    def end_line(self) -> int:
        """Its last line: of a section, that of the closing tag."""
        return native().bind_Document_EndLine(self.file._handle.number, self._id)

    @property
    def location(self) -> str:
        """``file:line``."""
        return "%s:%d" % (self.file.path or "", self.line)

    @property
    def parent(self) -> Optional[Container]:
        """The section that it is in, or the file; None if it was removed."""
        p = native().bind_Document_Parent(self.file._handle.number, self._id)
        if p < 0:
            return None
        return self.file if p == 0 else _node(self.file, p)  # type: ignore[return-value]

    def _insert_beside(self, after: int, what: Union[Text, "Node"]) -> List["Node"]:
        ids = _changing(native().bind_Document_InsertBeside, self.file._handle.number, self._id, after, _wire_of(what))
        return [_node(self.file, n) for n in numbers(ids)]

    def insert_before(self, what: Union[Text, "Node"]) -> List["Node"]:
        """Put lines before this node; see `Container.insert`."""
        return self._insert_beside(0, what)

    def insert_after(self, what: Union[Text, "Node"]) -> List["Node"]:
        """Put lines after this node; see `Container.insert`."""
        return self._insert_beside(1, what)

    def replace(self, what: Union[Text, "Node"]) -> List["Node"]:
        """Put lines in place of this node; see `Container.insert`."""
        new = self.insert_before(what)
        self.remove()
        return new

    def remove(self) -> None:
        """Take the node, and what is in it, out of the file. It can still be read."""
        _changing(native().bind_Document_Remove, self.file._handle.number, self._id)


class _Named(Node):
    """A directive or section."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name as written; of a section, without bracket. A section's closing tag changes with it."""
        return unwire(native().bind_Document_Name(self.file._handle.number, self._id))

    @name.setter
    def name(self, name: str) -> None:
        _changing(native().bind_Document_SetName, self.file._handle.number, self._id, wire(name))

    def is_named(self, name: str) -> bool:
        """Whether it has that name, capitals and small letters being the same."""
        return self.name.lower() == name.lower()

    @property
    def args(self) -> Args:
        """The arguments, split as Apache splits them. They can be changed one by one or set to a new list."""
        return Args(self)

    @args.setter
    def args(self, words: Iterable[Text]) -> None:
        if isinstance(words, (str, bytes)):
            raise TypeError("args is a list of arguments; raw_args is their text")
        Args(self)._set(words)

    @property
    def raw_args(self) -> str:
        """The arguments' text, quotes and all, continued lines joined. What is set is written as it is."""
        return unwire(native().bind_Document_Args(self.file._handle.number, self._id))

    @raw_args.setter
    def raw_args(self, text: Text) -> None:
        _changing(native().bind_Document_SetArgs, self.file._handle.number, self._id, wire(text))


class Directive(_Named):
    """A directive: ``Listen 80``."""

    __slots__ = ()


class Section(_Named, Container):
    """A section with what is in it: ``<VirtualHost *:80>`` to ``</VirtualHost>``."""

    __slots__ = ()


class Comment(Node):
    """A comment."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The comment with its ``#``, without indentation and line end."""
        return unwire(native().bind_Document_Args(self.file._handle.number, self._id))


class Blank(Node):
    """An empty line."""

    __slots__ = ()


class StrayEnd(Node):
    """A closing tag where no section is open."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name in the tag."""
        return unwire(native().bind_Document_Name(self.file._handle.number, self._id))


_KINDS: Dict[int, Type[Node]] = {1: Directive, 2: Section, 3: Comment, 4: Blank, 5: StrayEnd}


def _node(file: File, id: int) -> Node:
    return _KINDS[native().bind_Document_Kind(file._handle.number, id)](file, id)


def parse(text: Text, path: Optional[Path] = None) -> File:
    """Parse text, str or bytes, as one file."""
    return File(text, path)


def open(path: Path) -> File:
    """Read and parse one file."""
    with builtins.open(path, "rb") as f:
        return File(f.read(), path)


def _replace(path: str, data: bytes) -> None:
    """Write data to path in one step, keeping what the file there has of mode, owner and attributes."""
    path = os.path.realpath(path)
    directory = os.path.dirname(path)
    fd, temporary = tempfile.mkstemp(prefix=".", suffix=".new", dir=directory)
    try:
        with builtins.open(fd, "wb") as f:
            f.write(data)
            f.flush()
            _like(path, f.fileno())
            os.fsync(f.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    d = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(d)
    finally:
        os.close(d)


def _like(path: str, fd: int) -> None:
    """Give an open file the owner, mode and extended attributes of the one at path; of a new one, the usual mode."""
    try:
        st = os.stat(path)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(fd, 0o666 & ~mask)
        return
    if (st.st_uid, st.st_gid) != (os.fstat(fd).st_uid, os.fstat(fd).st_gid):
        os.fchown(fd, st.st_uid, st.st_gid)
    os.fchmod(fd, st.st_mode & 0o7777)
    try:
        for name in os.listxattr(path):
            os.setxattr(fd, name, os.getxattr(path, name))
    except OSError as e:
        # Some, such as SELinux's, are not everybody's to set; they are inherited from the directory then.
        if e.errno not in (errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.EINVAL):
            raise
