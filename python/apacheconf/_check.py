"""What the server says of a configuration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional

from ._errors import ApacheConfError, CheckError
from ._file import Path


class Finding(NamedTuple):
    """One thing that stands in the way, or is worth knowing."""

    severity: str
    """``"refused"`` (the server does not start with it), ``"error"``, ``"warning"`` or ``"hint"``."""
    subject: str
    """The directive, a section's with its ``<``; the condition of a block; the name of an audit."""
    file: str
    line: int
    message: str
    advice: str
    """What to do, or an empty string."""

    def __str__(self) -> str:
        place = "%s:%d: " % (self.file, self.line) if self.file else ""
        return "%s%s: %s" % (place, self.subject, self.message)


class NotReady(ApacheConfError):
    """The server would not take the configuration. ``report`` says why."""

    def __init__(self, report: "Report") -> None:
        super().__init__("%s: %s\n%s" % (report.configuration, report.verdict, "\n".join(map(str, report.errors))))
        self.report = report


class Report:
    """What ``httpd-wsgi check --format json`` said."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self.data = data
        """All of it, as the JSON has it."""
        self.configuration: str = data["configuration"]
        """The main file."""
        self.verdict: str = data["verdict"]
        """``"ready"``, ``"not ready"`` or ``"unreadable"``."""

    @property
    def ok(self) -> bool:
        """Whether the server would take it and no audit found an error."""
        return self.verdict == "ready"

    @property
    def refused(self) -> List[Finding]:
        """The lines that the server refuses, and the conditional blocks it does not read although they guard something."""
        d = [Finding("refused", x["directive"], x["file"], x["line"], x.get("message", ""), x.get("advice", ""))
             for x in self.data["directives"] if x["class"] == "refused"]
        b = [Finding("refused", x["condition"], x["file"], x["line"], x["message"], x.get("advice", ""))
             for x in self.data["blocks"] if x["class"] == "refused"]
        return d + b

    @property
    def findings(self) -> List[Finding]:
        """What the audits found: errors, warnings, hints."""
        return [Finding(x["severity"], x["audit"], x["file"], x["line"], x["message"], x["advice"]) for x in self.data["findings"]]

    @property
    def errors(self) -> List[Finding]:
        """All that stands in the way."""
        unread = self.data.get("error")
        first = [Finding("error", "configuration", unread["file"], unread["line"], unread["message"], "")] if unread else []
        return first + self.refused + [f for f in self.findings if f.severity == "error"]

    def require(self) -> "Report":
        """Raise NotReady if it is not `ok`."""
        if not self.ok:
            raise NotReady(self)
        return self

    def __repr__(self) -> str:
        return "<apacheconf.Report %s: %s>" % (self.configuration, self.verdict)


def check(path: Path, *, server_root: Optional[Path] = None, defines: Iterable[str] = (), before: Iterable[str] = (),
          after: Iterable[str] = (), env: Optional[Mapping[str, str]] = None, assume_paths: bool = False,
          htaccess: bool = False, binary: Optional[Path] = None, timeout: Optional[float] = 60) -> Report:
    """Ask ``httpd-wsgi check`` about a configuration. Nothing is started and nothing is changed.

    The arguments are as for `load`. assume_paths takes files, directories and users that are named to be there, to check the
    configuration of another machine; htaccess looks at .htaccess files, too. binary is the program, by default ``httpd-wsgi`` on PATH or in
    /usr/local/sbin or /usr/sbin. It runs as a process of its own, of the version that will serve.

    CheckError is raised if there is no such program or its answer is no report: not if the configuration is bad.
    """
    program = os.fsdecode(binary) if binary is not None else shutil.which(
        "httpd-wsgi", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"]))
    if not program:
        raise CheckError("no program httpd-wsgi on PATH")
    main = os.path.abspath(os.fsdecode(path))
    command = [program, "check", "--format", "json", "-f", main,
               "-d", os.path.abspath(os.fsdecode(server_root)) if server_root is not None else os.path.dirname(main)]
    for option, values in (("-D", defines), ("-C", before), ("-c", after)):
        for value in values:
            command += [option, value]
    if assume_paths:
        command.append("--assume-paths")
    if htaccess:
        command.append("--htaccess")
    try:
        done = subprocess.run(command, env=None if env is None else dict(env), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout, check=False)
        data = json.loads(done.stdout.decode("utf-8", "surrogateescape"))
    except (OSError, subprocess.TimeoutExpired) as e:
        raise CheckError("%s: %s" % (program, e)) from e
    except ValueError:
        raise CheckError("%s: exit status %d and no report: %s" % (
            program, done.returncode, done.stderr.decode("utf-8", "replace").strip())) from None
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != 1:
        raise CheckError("%s: a report of schema %r, not 1" % (program, schema))
    return Report(data)
