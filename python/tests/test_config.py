"""A main file with what it includes."""

import os

import apacheconf
from support import FilesCase


class Load(FilesCase):
    def setUp(self):
        super().setUp()
        self.main = self.write("httpd.conf", """\
LoadModule wsgi_module modules/mod_wsgi.so
LoadModule macro_module modules/mod_macro.so
LoadModule mpm_event_module modules/mod_mpm_event.so
Define PORT 80
Listen ${PORT}
<IfModule mod_wsgi.c>
    Include sites/*.conf
</IfModule>
<IfModule mod_other.c>
    WSGIScriptAlias /no /no.wsgi
</IfModule>
<IfModule event.c>
    ThreadsPerChild 5
</IfModule>
<Macro App $name>
    WSGIScriptAlias /$name /srv/$name.wsgi
</Macro>
Use App shop
LogFormat ${FORMAT}
ErrorLog ${NOT_THERE}/log
""")
        self.write("sites/a.conf", """\
# Site a
<VirtualHost *:80>
    WSGIScriptAlias / \\
        "/srv/a b.wsgi"
</VirtualHost>
""")
        self.write("sites/b.conf", "<VirtualHost *:80>\n  WSGIScriptAlias /b /srv/b.wsgi\n</VirtualHost>\n")
        self.conf = apacheconf.load(self.main, env={"FORMAT": "%h"})

    def test_find(self):
        found = self.conf.find("wsgiscriptalias")
        self.assertEqual([(i.file, i.line, i.args) for i in found[:2]], [
            (self.path("sites/a.conf"), 4, ("/", "/srv/a b.wsgi")), (self.path("sites/b.conf"), 2, ("/b", "/srv/b.wsgi"))])
        self.assertEqual(found[2].args, ("/shop", "/srv/shop.wsgi"))
        self.assertIn("macro 'app' (defined on line 15 of", found[2].file)
        self.assertIsNone(found[2].source)
        self.assertEqual(len(found), 3)
        self.assertEqual(found[0].parent.name, "VirtualHost")
        self.assertEqual(found[0].parent.location, self.path("sites/a.conf") + ":2")
        self.assertEqual(found[0].parent.end_line, 5)
        self.assertEqual(self.conf.first("WSGIScriptAlias", "/b").line, 2)
        self.assertEqual([i.name for i in self.conf][:4], ["Listen", "VirtualHost", "VirtualHost", "ThreadsPerChild"])

    def test_what_was_read(self):
        self.assertEqual(self.conf.files, [self.main, self.path("sites/a.conf"), self.path("sites/b.conf")])
        self.assertEqual([(i.line, i.depth) for i in self.conf.included], [(0, 0), (7, 1), (7, 1)])
        self.assertEqual(self.conf.defines, {"PORT": "80"})
        self.assertEqual(self.conf.first("Listen").args, ("80",))
        self.assertEqual(self.conf.first("LogFormat").args, ("%h",))
        self.assertEqual([(w.line, w.level) for w in self.conf.warnings], [(20, "warn")])
        self.assertEqual(self.conf.server_root.rstrip("/"), self.dir)

    def test_edit_through_includes(self):
        with self.conf as conf:
            for item in conf.find("VirtualHost", "*:80"):
                item.source.insert_before("Listen 8080\n")
                item.source.args[0] = "*:8080"
            for item in conf.find("WSGIScriptAlias"):
                if item.source is not None:
                    item.source.args[0] = "/new"
            self.assertEqual(conf.first("Listen").source.args, ["${PORT}"])
        self.assertEqual(self.read("sites/a.conf").decode(), """\
# Site a
Listen 8080
<VirtualHost *:8080>
    WSGIScriptAlias /new \\
        "/srv/a b.wsgi"
</VirtualHost>
""")
        self.assertIn(b"Listen ${PORT}", self.read("httpd.conf"))
        again = apacheconf.load(self.main)
        self.assertEqual([i.args[0] for i in again.find("Listen")], ["80", "8080", "8080"])

    def test_changed_on_disk(self):
        self.write("sites/a.conf", "# other\n")
        with self.assertRaises(apacheconf.ChangedError):
            self.conf.find("WSGIScriptAlias")[0].source
        b = self.conf.file(self.path("sites/b.conf"))
        main = self.conf.file(self.main)
        b.add("A")
        main.add("A")
        self.write("sites/b.conf", "# other\n")
        with self.assertRaises(apacheconf.ChangedError):
            self.conf.save()
        self.assertNotIn(b"\nA\n", self.read("httpd.conf"))
        with self.assertRaises(KeyError):
            self.conf.file("/etc/passwd")

    def test_options(self):
        main = self.write("o.conf", """\
<IfDefine TEST>
A
</IfDefine>
<IfDirective Known>
B
</IfDirective>
<IfSection Other>
C
</IfSection>
<IfModule x_module>
D
</IfModule>
Include sub/x.conf
""")
        self.write("root/sub/x.conf", "E\n")
        conf = apacheconf.load(main, server_root=self.path("root"), defines=["TEST"], before=["First 1"], after=["Last 2"],
                               directives=["known", "<Section"], modules=["x_module"])
        self.assertEqual([i.name for i in conf], ["First", "A", "B", "D", "E", "Last"])
        self.assertIsNone(conf.first("First").source)
        conf = apacheconf.load(main, server_root=self.path("root"))
        self.assertEqual([i.name for i in conf], ["B", "C", "E"])

    def test_errors(self):
        self.write("sites/b.conf", "<VirtualHost *:80>\n  A\n</Directory>\n")
        with self.assertRaises(apacheconf.ConfigError) as caught:
            apacheconf.load(self.main)
        e = caught.exception
        self.assertEqual((e.file, e.line, e.message), (self.path("sites/b.conf"), 3, "Expected </VirtualHost> but saw </Directory>"))
        self.assertEqual(e.included_from, ((self.main, 7),))
        self.assertEqual(str(e), "Syntax error on line 7 of %s: Syntax error on line 3 of %s: %s" % (self.main, e.file, e.message))
        with self.assertRaises(apacheconf.ConfigError) as caught:
            apacheconf.load(self.path("none.conf"))
        self.assertIsNone(caught.exception.file)
        self.assertIn("No such file", str(caught.exception))
        for text in ("Include none.conf\n", "<IfModule x>\n", "</A>\n", "Define\n"):
            with self.assertRaises(apacheconf.ApacheConfError):
                apacheconf.load(self.write("bad.conf", text))

    def test_bytes_in_no_encoding(self):
        main = self.write(os.fsdecode(b"m\xe9.conf"), b"Include s\xe9/*.conf\n")
        self.write(os.fsdecode(b"s\xe9/\xff.conf"), b"ServerAdmin \xe9\n")
        item = apacheconf.load(main).first("ServerAdmin")
        self.assertEqual(item.args, ("\udce9",))
        self.assertEqual(item.file, self.path(os.fsdecode(b"s\xe9/\xff.conf")))
        self.assertEqual(item.source.raw_args, "\udce9")

    def test_environment(self):
        script = self.write("envvars", "SUFFIX=-x\nexport LOGS=/var/log/apache2$SUFFIX\necho noise\n")
        # What the script says goes to standard error.
        kept, silent = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(silent, 2)
            env = apacheconf.environment(script, {"KEPT": "1"})
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(silent)
        self.assertEqual((env["LOGS"], env["KEPT"]), ("/var/log/apache2-x", "1"))
        self.assertNotIn("SUFFIX", env)
