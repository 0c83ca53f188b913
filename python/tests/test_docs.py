"""The recipes of docs/python.md, as they stand there."""

import contextlib
import io
import os
import re
import unittest

from support import FilesCase

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/python.md")
BINARY = os.environ.get("HTTPD_WSGI_BINARY", "")


class Recipes(FilesCase):
    def setUp(self):
        super().setUp()
        self.write("envvars", "export APACHE_LOG_DIR=@\n")
        self.write("apache2.conf", """\
ServerName localhost
LoadModule wsgi_module modules/mod_wsgi.so
LoadModule authz_core_module modules/mod_authz_core.so
ErrorLog ${APACHE_LOG_DIR}/error.log
PidFile @/pid
# The port
Listen 80  \n\
<IfModule mod_wsgi.c>
    Include sites-enabled/*.conf
</IfModule>
""")
        self.write("sites-available/shop.conf", """\
# Shop
<VirtualHost *:80>   # as it was
    ServerName www.example.com
    WSGIScriptAlias /shop @/shop.wsgi
    WSGIPythonPath /old
    <Directory @>
        Require all granted
    </Directory>
</VirtualHost>
""")
        os.mkdir(self.path("sites-enabled"))
        os.symlink("../sites-available/shop.conf", self.path("sites-enabled/shop.conf"))
        with open(PAGE, encoding="utf-8") as f:
            self.code = re.findall(r"^```python\n(.*?)^```", f.read(), re.M | re.S)

    def run_recipe(self, n):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            exec(compile(self.code[n].replace("/etc/apache2", self.dir), "recipe %d" % n, "exec"), {})
        return out.getvalue()

    def test_find(self):
        self.assertEqual(self.run_recipe(0), "%s/sites-enabled/shop.conf:4\t/shop\t%s/shop.wsgi\twww.example.com\n" % (self.dir, self.dir))

    def test_port(self):
        main, shop = self.read("apache2.conf"), self.read("sites-available/shop.conf")
        self.run_recipe(1)
        self.assertEqual(self.read("apache2.conf"), main.replace(b"Listen 80  \n", b"Listen 8080  \n"))
        self.assertEqual(self.read("sites-available/shop.conf"), shop.replace(b"*:80>", b"*:8080>"))
        self.assertTrue(os.path.islink(self.path("sites-enabled/shop.conf")))

    def test_more(self):
        self.run_recipe(2)
        self.assertEqual(self.read("sites-available/shop.conf").decode().replace(self.dir, "@"), """\
# Shop
<VirtualHost *:80>   # as it was
    ServerName www.example.com
    ServerAlias shop.example.com
    WSGIScriptAlias /shop @/shop.wsgi
    <Directory @>
        Require expr "%{REQUEST_METHOD} == 'GET'"
    </Directory>
    WSGIScriptAlias /shop "/srv/my shop/shop.wsgi"
</VirtualHost>
""")

    @unittest.skipUnless(BINARY, "HTTPD_WSGI_BINARY names no program")
    def test_check(self):
        with open(self.path("sites-available/shop.conf"), "a", encoding="ascii") as f:
            f.write("Dav On\n")
        path = os.environ["PATH"]
        os.environ["PATH"] = os.path.dirname(os.path.abspath(BINARY)) + os.pathsep + path
        try:
            with self.assertRaises(SystemExit) as end:
                out = io.StringIO()
                with contextlib.redirect_stderr(out):
                    exec(compile(self.code[3].replace("/etc/apache2", self.dir), "recipe 3", "exec"), {})
        finally:
            os.environ["PATH"] = path
        self.assertEqual(end.exception.code, 1)
        self.assertIn("%s/sites-enabled/shop.conf:10: Dav: Invalid command 'Dav'" % self.dir, out.getvalue())
        self.assertIn("\n    do: ", out.getvalue())
