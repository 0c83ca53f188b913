"""One file: what is read, what is printed, what can be asked."""

import doctest
import os
import unittest

import apacheconf
from apacheconf import _file
from support import FilesCase

ODD = [
    b"", b"\n", b"A", b"A\r\nB\r\n\r\n# c\r\n", b"A b \\\n  c\n", b"# comment \\\ngoes on\nA\n", b"A \\", b"A \\\n", b"  \t",
    b"<A>\n<B x>\n</C>\n", b"</A>\n", b"<A\n", b"ServerAdmin caf\xc3\xa9\n", b"ServerAdmin caf\xe9\n# \xff\xfe\n", b"A \0 b\nB\n",
    b"A \"x y\" 'z\n", b"\xef\xbb\xbfServerName x\n", b"A \\\r\n b\r\n", "A \u0100\u0101 \U0001f600\n".encode(),
    b"\x80\x81\xc3\n" * 3, bytes(range(256)) + b"\n",
]


class RoundTrip(FilesCase):
    def same(self, data):
        f = apacheconf.parse(data)
        self.assertEqual(bytes(f), data)
        self.assertEqual(f.text, data.decode("utf-8", "surrogateescape"))
        self.assertEqual("".join(n.source for n in f), f.text)
        self.assertFalse(f.modified)
        # What the text as a str gives is the same.
        self.assertEqual(bytes(apacheconf.parse(f.text)), data)

    def test_odd(self):
        for data in ODD:
            with self.subTest(data=data):
                self.same(data)

    def test_here(self):
        """Apache's own files, and the sample, if they are here."""
        here = os.path.dirname(os.path.abspath(__file__))
        roots = ["/etc/apache2", os.path.join(here, "../../conf"), os.path.join(here, "../../integration/testdata")]
        count = 0
        for root in roots:
            for directory, _, names in os.walk(root):
                for name in names:
                    path = os.path.join(directory, name)
                    if not os.path.isfile(path) or os.path.getsize(path) > 1 << 20:
                        continue
                    with open(path, "rb") as f:
                        data = f.read()
                    with self.subTest(path=path):
                        self.same(data)
                    count += 1
        self.assertGreater(count, 3)

    def test_large(self):
        self.same(b"<VirtualHost *>\n  ServerName x  # \xff\n</VirtualHost>\n" * 20000)

    def test_deep(self):
        self.same(b"<A>\n" * 5000 + b"</A>\n" * 4000)

    def test_path_in_no_encoding(self):
        name = os.fsdecode(b"caf\xe9.conf")
        path = self.write(name, "Listen 80\n")
        with apacheconf.open(path) as f:
            self.assertEqual(f.first("Listen").location, path + ":1")
            f.first("Listen").args[0] = "81"
        self.assertEqual(self.read(name), b"Listen 81\n")
        self.assertEqual(apacheconf.open(os.fsencode(path)).path, path)


class Asking(unittest.TestCase):
    TEXT = """\
# Ports
Listen 80
Listen 127.0.0.1:81 \\
    http

<VirtualHost *:80 [::]:80>
    ServerName "a b"
    <Directory /srv>
        require  ip 10.0.0.0/8 '::1'
    </Directory>
</VirtualHost>
</Stray>
"""

    def setUp(self):
        self.file = apacheconf.parse(self.TEXT, "/etc/x.conf")

    def test_kinds(self):
        kinds = [type(n).__name__ for n in self.file.walk()]
        self.assertEqual(kinds, ["Comment", "Directive", "Directive", "Blank", "Section", "Directive", "Section", "Directive", "StrayEnd"])
        self.assertEqual(self.file[0].text, "# Ports")
        self.assertEqual(self.file[-1].name, "Stray")
        self.assertEqual(len(self.file), 6)
        self.assertTrue(apacheconf.parse(""))

    def test_find(self):
        self.assertEqual([n.line for n in self.file.find("LISTEN")], [2, 3])
        self.assertEqual([n.line for n in self.file.find("Listen", "80")], [2])
        self.assertEqual(self.file.find("Nothing"), [])
        self.assertIsNone(self.file.first("Nothing"))
        host = self.file.first("virtualhost")
        self.assertEqual([n.name for n in host.walk()], ["ServerName", "Directory", "require"])
        self.assertEqual(host.find("Require"), self.file.find("require"))
        self.assertEqual(host.find("Listen"), [])

    def test_places(self):
        listen = self.file.find("Listen")[1]
        self.assertEqual((listen.line, listen.column, listen.end_line), (3, 1, 4))
        host = self.file.first("VirtualHost")
        self.assertEqual((host.line, host.end_line, host.location), (6, 11, "/etc/x.conf:6"))
        require = self.file.first("Require")
        self.assertEqual((require.line, require.column), (9, 9))
        self.assertEqual(require.parent.name, "Directory")
        self.assertEqual(require.parent.parent, host)
        self.assertIs(host.parent, self.file)
        self.assertEqual(self.file.at_line(4), listen)
        self.assertEqual(self.file.at_line(6), host)
        self.assertIsNone(self.file.at_line(3))

    def test_args(self):
        self.assertEqual(self.file.first("ServerName").args, ["a b"])
        self.assertEqual(self.file.first("ServerName").raw_args, '"a b"')
        self.assertEqual(self.file.first("VirtualHost").args, ("*:80", "[::]:80"))
        self.assertEqual(list(self.file.first("Require").args), ["ip", "10.0.0.0/8", "::1"])
        self.assertEqual(self.file.find("Listen")[1].raw_args, "127.0.0.1:81     http")
        self.assertEqual(len(self.file.first("Require").args), 3)
        self.assertIn("ip", self.file.first("Require").args)
        self.assertEqual(self.file.first("Require").args[-1], "::1")

    def test_identity(self):
        a, b = self.file.first("Listen"), self.file.first("Listen")
        self.assertEqual(a, b)
        self.assertEqual(len({a, b}), 1)
        self.assertNotEqual(a, apacheconf.parse(self.TEXT).first("Listen"))
        self.assertIn("/etc/x.conf:2", repr(a))

    def test_quote_split(self):
        for words in (["a", "b c", ""], ["\\", "a\\\\b", '"', "'", "caf\udce9", "é", "${X}"], []):
            self.assertEqual(apacheconf.split(apacheconf.quote(*words)), words)
        self.assertEqual(apacheconf.split("a 'b c' \"d"), ["a", "b c", "d"])
        with self.assertRaises(apacheconf.EditError):
            apacheconf.quote("two\nlines")
        self.assertEqual(apacheconf.directive("Alias", "/x", "/a b"), 'Alias /x "/a b"\n')
        self.assertEqual(apacheconf.directive("A"), "A\n")

    def test_problems(self):
        f = apacheconf.parse("<A x>\nB 'c\n</B>\n</C>\n<D\n", "f.conf")
        self.assertEqual([(p.line, p.level, p.message) for p in f.problems()], [
            (2, "warn", "quote not closed: 'c"), (3, "error", "Expected </A> but saw </B>"),
            (4, "error", "</C> without matching <C> section"), (5, "error", "<D> directive missing closing '>'"),
            (5, "error", "<D> was not closed.")])
        self.assertEqual(str(f.problems()[1]), "f.conf:3: Expected </A> but saw </B>")
        self.assertEqual([p.line for p in self.file.problems()], [12])


def load_tests(loader, tests, pattern):
    tests.addTests(doctest.DocTestSuite(_file))
    return tests
