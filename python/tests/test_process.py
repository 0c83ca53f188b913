"""Threads, memory, fork, signals: what Go in a Python process must not spoil."""

import gc
import os
import signal
import subprocess
import sys
import threading
import unittest

import apacheconf
from apacheconf import _native
from support import FilesCase

TEXT = "# \xe9\n" + "<VirtualHost *:80>\n    ServerName a\n    <Directory /srv>\n        Require all granted\n    </Directory>\n</VirtualHost>\n" * 20


def resident():
    """This process's resident memory in bytes."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Threads(unittest.TestCase):
    def run_all(self, target, count=8):
        failures = []

        def guarded(n):
            try:
                target(n)
            except BaseException as e:
                failures.append(e)

        threads = [threading.Thread(target=guarded, args=(n,)) for n in range(count)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])

    def test_files_of_their_own(self):
        def work(n):
            for i in range(30):
                f = apacheconf.parse(TEXT)
                for host in f.find("VirtualHost"):
                    host.args = ["*:%d" % (8000 + n)]
                    host.add("Alias", "/x", "/y z")
                assert f.text.count("*:%d>" % (8000 + n)) == 20
                try:
                    f.append("<A>")
                except apacheconf.EditError as e:
                    assert "A" in str(e)
                else:
                    raise AssertionError("no error")

        self.run_all(work)

    def test_one_file(self):
        f = apacheconf.parse(TEXT)

        def work(n):
            for i in range(50):
                node = f.add("Thread", str(n), str(i))
                assert node.args == [str(n), str(i)]
                assert node.line > 0
                f.text.encode("utf-8", "surrogateescape")
                if i % 2:
                    node.remove()

        self.run_all(work)
        self.assertEqual(len(f.find("Thread")), 8 * 25)
        self.assertEqual(apacheconf.parse(f.text).find("Thread")[-1].line, f.find("Thread")[-1].line)

    def test_lock_is_released(self):
        """While Go parses, another thread runs."""
        data = _native.wire("<A>\nB c\n</A>\n" * 100000)
        native = _native.native()
        go, ran = threading.Event(), []
        thread = threading.Thread(target=lambda: go.wait() and ran.append(True))
        thread.start()
        interval = sys.getswitchinterval()
        # Nobody takes Python's lock away from a thread now: the other runs only if this one gives the lock up.
        sys.setswitchinterval(1000)
        try:
            go.set()
            before = list(ran)
            handle = _native.Handle(native.bind_Parse("", data))
            after = list(ran)
        finally:
            sys.setswitchinterval(interval)
            thread.join()
        del handle
        self.assertEqual((before, after), ([], [True]))


class Memory(FilesCase):
    def grows(self, work, count):
        """Give how many bytes the process grew by in the last three quarters of count rounds."""
        for _ in range(count // 4):
            work()
        gc.collect()
        before = resident()
        for _ in range(count - count // 4):
            work()
        gc.collect()
        return resident() - before

    def test_parse_and_free(self):
        def work():
            f = apacheconf.parse(TEXT)
            f.first("VirtualHost").args[0] = "*:81"
            f.text
            try:
                f.first("VirtualHost").raw_args = "\n"
            except apacheconf.EditError:
                pass

        self.assertLess(self.grows(work, 2000), 12 << 20)

    def test_load_and_free(self):
        path = self.write("a.conf", TEXT)
        bad = self.write("b.conf", "<A>\n")

        def work():
            apacheconf.load(path).find("ServerName")
            try:
                apacheconf.load(bad)
            except apacheconf.ConfigError:
                pass

        self.assertLess(self.grows(work, 400), 12 << 20)

    def test_no_handle_left(self):
        native = _native.native()
        gc.collect()
        before = native.NumHandles()
        for _ in range(50):
            f = apacheconf.parse(TEXT)
            node = f.first("Directory")
            del f
            self.assertEqual(node.args, ["/srv"])
            del node
        self.assertEqual(native.NumHandles(), before)


class Process(unittest.TestCase):
    def python(self, code, **kwargs):
        env = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
        return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, **kwargs)

    def test_fork(self):
        done = self.python("""
import os, apacheconf
f = apacheconf.parse("A\\n")
pid = os.fork()
if pid == 0:
    try:
        apacheconf.parse("B\\n")
    except apacheconf.ForkError as e:
        del f
        os._exit(7)
    os._exit(1)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), f.text)
""")
        self.assertEqual((done.stdout, done.stderr), ("7 A\n\n", ""))

    def test_first_use_after_fork(self):
        done = self.python("""
import os, apacheconf
pid = os.fork()
if pid == 0:
    os._exit(len(apacheconf.parse("A\\nB\\n")))
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""")
        self.assertEqual((done.stdout, done.stderr), ("2\n", ""))

    def test_children(self):
        """subprocess works beside Go's threads."""
        apacheconf.parse("A")
        self.assertEqual(subprocess.check_output(["/bin/echo", "x"]), b"x\n")

    def test_interrupt(self):
        done = self.python("""
import os, signal, apacheconf
apacheconf.parse("A\\n")
try:
    os.kill(os.getpid(), signal.SIGINT)
    while True: pass
except KeyboardInterrupt:
    print("interrupted")
""")
        self.assertEqual((done.stdout, done.stderr), ("interrupted\n", ""))

    def test_signals_stay(self):
        done = self.python("""
import signal, apacheconf
before = {s: signal.getsignal(s) for s in signal.valid_signals()}
apacheconf.parse("A\\n")
print(before == {s: signal.getsignal(s) for s in signal.valid_signals()})
""")
        self.assertEqual(done.stdout, "True\n")

    def test_import_changes_nothing(self):
        """Neither the working directory, even one that is gone, nor floating point."""
        done = self.python("""
import os, sys, tempfile
d = tempfile.mkdtemp()
os.chdir(d)
os.rmdir(d)
import apacheconf
print(apacheconf.parse("A b\\n").first("a").args, sys.float_info.min / 2 > 0)
""")
        self.assertEqual((done.stdout, done.stderr), ("['b'] True\n", ""))

    def test_exit_in_thread(self):
        done = self.python("""
import threading, apacheconf
f = apacheconf.parse("A\\n")
t = threading.Thread(target=lambda: [f.text for _ in range(1000)])
t.start()
raise SystemExit(3)
""")
        self.assertEqual((done.returncode, done.stderr), (3, ""))

    def test_broken_pipe(self):
        """SIGPIPE is still ignored, as Python has it."""
        apacheconf.parse("A")
        r, w = os.pipe()
        os.close(r)
        try:
            with self.assertRaises(BrokenPipeError):
                os.write(w, b"x")
        finally:
            os.close(w)
        self.assertEqual(signal.getsignal(signal.SIGPIPE), signal.SIG_IGN)
