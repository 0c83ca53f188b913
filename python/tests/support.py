"""What the tests share."""

import os
import shutil
import tempfile
import unittest


class FilesCase(unittest.TestCase):
    """A test with a directory of its own."""

    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="apacheconf-test."))
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        """Write a file below the directory; ``@`` in it stands for the directory. Give its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(data, str):
            data = data.replace("@", self.dir).encode()
        with open(path, "wb") as f:
            f.write(data)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()
