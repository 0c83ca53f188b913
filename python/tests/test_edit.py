"""Edits, and files on disk."""

import os
import stat
import unittest

import apacheconf
from support import FilesCase


class Edits(unittest.TestCase):
    def test_args_keep_layout(self):
        f = apacheconf.parse("# first\nListen  80\t# no comment\n<VirtualHost *:80 \\\n   'x y'>\n</VirtualHost>\n")
        f.first("Listen").args[0] = "8080"
        f.first("VirtualHost").args[0] = "*:8080"
        f.first("VirtualHost").args[1] = "it's"
        self.assertEqual(f.text, "# first\nListen  8080\t# no comment\n<VirtualHost *:8080 \\\n   'it\\'s'>\n</VirtualHost>\n")
        self.assertTrue(f.modified)

    def test_args_as_a_list(self):
        f = apacheconf.parse("A b c\n")
        a = f.first("A")
        a.args.append("d e")
        a.args.insert(0, "\\")
        del a.args[1]
        a.args += ["é"]
        self.assertEqual(f.text, 'A "\\\\" c "d e" é\n')
        a.args = []
        self.assertEqual(f.text, "A\n")
        a.args = ("x", b"\xff")
        self.assertEqual(bytes(f), b"A x \xff\n")
        self.assertEqual(a.args, ["x", "\udcff"])
        with self.assertRaises(TypeError):
            a.args = "x y"
        with self.assertRaises(IndexError):
            a.args[7] = "x"

    def test_raw_args_and_name(self):
        f = apacheconf.parse("<If \"a\">\r\nRequire all denied\r\n</If>\r\n")
        f.first("If").raw_args = "%{X} == 'a > b'"
        f.first("Require").raw_args = 'expr "%{Y} == \\"z\\""'
        f.first("If").name = "ElseIf"
        f.first("Require").name = "AuthzX"
        self.assertEqual(f.text, "<ElseIf %{X} == 'a > b'>\r\nAuthzX expr \"%{Y} == \\\"z\\\"\"\r\n</ElseIf>\r\n")

    def test_refused(self):
        f = apacheconf.parse("A b\n<C>\nD\n")
        for edit in (
            lambda: setattr(f.first("A"), "raw_args", "x\nB y"),
            lambda: setattr(f.first("A"), "raw_args", "x \\"),
            lambda: setattr(f.first("A"), "name", "#A"),
            lambda: setattr(f.first("A"), "args", ["x\0"]),
            lambda: f.insert(0, "<X>\n"),
            lambda: f.insert(0, "</X>\n"),
            lambda: f.append("B\n"),
            lambda: f.first("C").append("B\n"),
        ):
            with self.assertRaises(apacheconf.EditError):
                edit()
        self.assertEqual(f.text, "A b\n<C>\nD\n")
        try:
            f.first("A").raw_args = "\u00e9\n\udcff"
        except ValueError as e:
            self.assertIn("é", str(e))

    def test_insert(self):
        f = apacheconf.parse("Listen 80\n<VirtualHost *:80>\n\tServerName x\n</VirtualHost>")
        host = f.first("VirtualHost")
        new = host.add("WSGIScriptAlias", "/", "/srv/my app.wsgi")
        self.assertEqual(new.source, '\tWSGIScriptAlias / "/srv/my app.wsgi"\n')
        host.insert(0, "# name\n")
        host.first("ServerName").insert_after("<Directory /srv>\n  Require all granted\n</Directory>")
        f.append("# end")
        f.first("Listen").insert_before("Listen 79")
        f.insert(-1, "")
        self.assertEqual(f.text, """Listen 79
Listen 80
<VirtualHost *:80>
	# name
	ServerName x
	<Directory /srv>
	  Require all granted
	</Directory>
	WSGIScriptAlias / "/srv/my app.wsgi"
</VirtualHost>
# end
""")
        self.assertEqual([n.line for n in f.walk()], [1, 2, 3, 4, 5, 6, 7, 9, 11])
        self.assertEqual(host.end_line, 10)

    def test_insert_nodes_and_indent(self):
        f = apacheconf.parse("<A>\n  B\n</A>\n<C>\n</C>\n")
        f.first("C").append(f.first("B"))
        self.assertEqual(f.text, "<A>\n  B\n</A>\n<C>\n  B\n</C>\n")
        self.assertEqual(bytes(apacheconf.parse(b"A\r\n").append("B\nC")[0].file), b"A\r\nB\r\nC\r\n")
        self.assertEqual(apacheconf.parse("<A>\n</A>\n").first("A").add("B").source, "    B\n")

    def test_remove_replace(self):
        f = apacheconf.parse("A\n<B>\n  C\n</B>\nD")
        c = f.first("C")
        f.first("B").remove()
        self.assertEqual(f.text, "A\nD")
        self.assertIsNone(c.parent)
        self.assertEqual(c.source, "  C\n")
        with self.assertRaises(apacheconf.EditError):
            c.remove()
        with self.assertRaises(apacheconf.EditError):
            c.args = ["x"]
        with self.assertRaises(apacheconf.EditError):
            c.insert_after("E")
        f.first("D").replace("E\nF")
        self.assertEqual(f.text, "A\nE\nF\n")

    def test_own_words_read_back(self):
        """What an edit writes reads back as it was meant."""
        words = ["", "a b", "\\", "\\\\", 'q"q', "'", "x\\", "\ttab", ">", "#", "é\udcff", "a\\\\b c"]
        for w in words:
            for line in ("A x y\n", "A 'x' \"y\"\r\n", "<A x y>\n</A>\n", "A x \\\n y\n"):
                f = apacheconf.parse(line)
                f.first("A").args[1] = w
                self.assertEqual(apacheconf.parse(bytes(f)).first("A").args, ["x", w], (w, line))


class Saving(FilesCase):
    def test_context(self):
        path = self.write("a.conf", b"Listen 80\r\n# \xff")
        os.chmod(path, 0o640)
        with apacheconf.open(path) as f:
            f.first("Listen").args = ["81"]
        self.assertEqual(self.read("a.conf"), b"Listen 81\r\n# \xff")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        self.assertEqual(os.listdir(self.dir), ["a.conf"])
        self.assertFalse(f.modified)

    def test_not_after_an_exception(self):
        path = self.write("a.conf", "Listen 80\n")
        with self.assertRaises(ZeroDivisionError):
            with apacheconf.open(path) as f:
                f.first("Listen").remove()
                raise ZeroDivisionError
        self.assertEqual(self.read("a.conf"), b"Listen 80\n")

    def test_unchanged_is_not_written(self):
        path = self.write("a.conf", "Listen 80\n")
        before = os.stat(path)
        with apacheconf.open(path) as f:
            f.first("Listen").args = ["80"]
        self.assertEqual(os.stat(path).st_ino, before.st_ino)

    def test_changed_on_disk(self):
        path = self.write("a.conf", "Listen 80\n")
        f = apacheconf.open(path)
        f.add("Listen", "81")
        self.write("a.conf", "Listen 82\n")
        with self.assertRaises(apacheconf.ChangedError):
            f.save()
        self.assertEqual(self.read("a.conf"), b"Listen 82\n")
        f.save(force=True)
        self.assertEqual(self.read("a.conf"), b"Listen 80\nListen 81\n")

    def test_link_and_other_place(self):
        self.write("available/a.conf", "A\n")
        os.mkdir(self.path("enabled"))
        os.symlink("../available/a.conf", self.path("enabled/a.conf"))
        with apacheconf.open(self.path("enabled/a.conf")) as f:
            f.add("B")
        self.assertTrue(os.path.islink(self.path("enabled/a.conf")))
        self.assertEqual(self.read("available/a.conf"), b"A\nB\n")
        f.save(self.path("copy.conf"))
        self.assertEqual(self.read("copy.conf"), b"A\nB\n")
        with self.assertRaises(ValueError):
            apacheconf.parse("A").save()

    @unittest.skipUnless(os.getuid() == 0, "only root gives files away")
    def test_owner(self):
        path = self.write("a.conf", "A\n")
        os.chown(path, 12345, 23456)
        os.chmod(path, 0o4600)
        with apacheconf.open(path) as f:
            f.add("B")
        st = os.stat(path)
        self.assertEqual((st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)), (12345, 23456, 0o4600))

    def test_attributes(self):
        path = self.write("a.conf", "A\n")
        try:
            os.setxattr(path, "user.origin", b"x")
        except OSError as e:
            self.skipTest(str(e))
        with apacheconf.open(path) as f:
            f.add("B")
        self.assertEqual(os.getxattr(path, "user.origin"), b"x")
