"""What httpd-wsgi says: its built binary is asked."""

import os
import unittest

import apacheconf
from support import FilesCase

BINARY = os.environ.get("HTTPD_WSGI_BINARY", "")


class NoBinary(FilesCase):
    def test_absent(self):
        with self.assertRaises(apacheconf.CheckError):
            apacheconf.check(self.write("a.conf", "A\n"), binary=self.path("none"))

    def test_other_program(self):
        for script in ("echo hello", "exit 3", "echo '{\"schema\": 2}'", "echo '[]'"):
            program = self.write("p", "#!/bin/sh\n%s\n" % script)
            os.chmod(program, 0o755)
            with self.assertRaises(apacheconf.CheckError):
                apacheconf.check(self.write("a.conf", "A\n"), binary=program)

    def test_report(self):
        """What is made of a report, and what the program is called with."""
        program = self.write("p", """#!/bin/sh
printf '%s\\n' "$*" >@/args
cat <<'END'
{"schema": 1, "configuration": "c", "verdict": "not ready", "exit_status": 1,
 "directives": [{"class": "supported", "directive": "Listen", "module": "x", "file": "f", "line": 1},
  {"class": "refused", "directive": "Dav", "module": "mod_dav.c", "file": "f", "line": 2, "message": "no", "advice": "do"}],
 "blocks": [{"class": "not read", "condition": "<IfModule a>", "file": "f", "line": 3, "end_line": 4, "lines": 1, "message": "m"},
  {"class": "refused", "condition": "<IfModule b>", "file": "f", "line": 5, "end_line": 6, "lines": 1, "message": "m"}],
 "findings": [{"audit": "alias", "severity": "warning", "file": "f", "line": 7, "message": "w", "advice": "a"},
  {"audit": "denied", "severity": "error", "file": "f", "line": 8, "message": "e", "advice": "a"}],
 "modules": [], "notices": []}
END
exit 1
""")
        os.chmod(program, 0o755)
        report = apacheconf.check(self.path("a b.conf"), binary=program, server_root="/r", defines=["X"], before=["A 1"], after=["B"],
                                  assume_paths=True, htaccess=True)
        self.assertEqual(self.read("args").decode(), "check --format json -f %s -d /r -D X -C A 1 -c B --assume-paths --htaccess\n"
                         % self.path("a b.conf"))
        self.assertFalse(report.ok)
        self.assertEqual([(f.subject, f.line) for f in report.refused], [("Dav", 2), ("<IfModule b>", 5)])
        self.assertEqual([f.line for f in report.errors], [2, 5, 8])
        self.assertEqual([f.severity for f in report.findings], ["warning", "error"])
        self.assertEqual(str(report.errors[0]), "f:2: Dav: no")
        with self.assertRaises(apacheconf.NotReady) as caught:
            report.require()
        self.assertIs(caught.exception.report, report)
        self.assertIn("f:2: Dav: no", str(caught.exception))


@unittest.skipUnless(BINARY, "HTTPD_WSGI_BINARY names no program")
class Binary(FilesCase):
    def check(self, text):
        return apacheconf.check(self.write("httpd.conf", text), binary=BINARY, assume_paths=True)

    BASE = "ServerName localhost\nListen 127.0.0.1:8080\nPidFile @/pid\nErrorLog @/log\nLoadModule authz_core_module modules/mod_authz_core.so\n"

    def test_ready(self):
        report = self.check(self.BASE)
        self.assertTrue(report.ok, report.errors)
        self.assertIs(report.require(), report)

    def test_refused(self):
        report = self.check(self.BASE + "NoSuchDirective on\n")
        self.assertEqual([(f.subject, f.file, f.line) for f in report.refused], [("NoSuchDirective", self.path("httpd.conf"), 6)])
        with self.assertRaises(apacheconf.NotReady):
            report.require()

    def test_unreadable(self):
        report = self.check(self.BASE + "<Directory /x>\n")
        self.assertEqual(report.verdict, "unreadable")
        self.assertEqual([(f.file, f.line) for f in report.errors], [(self.path("httpd.conf"), 6)])
