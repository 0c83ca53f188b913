# Run once in every interpreter, before any application code. What needs a Python class or is rare enough not to need C is here; the
# functions whose names begin with c_ come from C, and so does `config`, a dict of strings. the C side takes the names that it calls
# from this namespace (struct names in engine.h lists them).
#
# A request is known here by a number, its handle, and never by an object that points into C: once the request is over the number is
# known to nobody, and the C functions say so with RuntimeError.

import io
import os
import sys
import threading  # now, so that in every interpreter the thread that made it is what threading takes for the main one
import types

GROUP = config["group"]
PROCESS = config["process"]
VERSION = tuple(int(n) for n in config["version"].split("."))
APACHE_VERSION = tuple(int(n) for n in config["apache_version"].split("."))

# Apache's levels
CRIT, ERR, WARN, INFO, DEBUG = 2, 3, 4, 6, 7


# ---- the streams of a request ----

class Input:
    """wsgi.input: the request body."""

    __slots__ = ("_handle", "__weakref__")

    def read(self, size=-1, /):
        return c_read(self._handle, size)

    def readline(self, size=-1, /):
        return c_readline(self._handle, size, "readline")

    def readlines(self, hint=-1, /):
        lines, total = [], 0
        handle = self._handle
        while True:
            line = c_readline(handle, -1, "readlines")
            if not line:
                return lines
            lines.append(line)
            total += len(line)
            if 0 < hint <= total:
                return lines

    def __iter__(self):
        return self

    def __next__(self):
        line = c_readline(self._handle, -1, "__next__")
        if not line:
            raise StopIteration
        return line

    def close(self):
        c_check(self._handle, "close", "wsgi.input")


class Errors:
    """wsgi.errors: text, one log record for each line."""

    __slots__ = ("_handle", "__weakref__")

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True
    closed = False
    name = "<wsgi.errors>"
    mode = "w"

    @property
    def buffer(self):
        return ErrorsBuffer(self._handle)

    def write(self, text, /):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        c_errors_write(self._handle, text.encode("utf-8", "replace"), "write")
        return len(text)

    def writelines(self, lines, /):
        for line in lines:
            self.write(line)

    def flush(self):
        c_errors_flush(self._handle)

    def close(self):
        c_errors_flush(self._handle)

    def fileno(self):
        raise OSError("wsgi.errors has no file descriptor")

    def isatty(self):
        return False

    def readable(self):
        return False

    def seekable(self):
        return False

    def writable(self):
        return True


class ErrorsBuffer:
    """wsgi.errors.buffer: the same stream, for bytes."""

    __slots__ = ("_handle",)
    closed = False

    def __init__(self, handle):
        self._handle = handle

    def write(self, data, /):
        data = bytes(memoryview(data))
        c_errors_write(self._handle, data, "write")
        return len(data)

    def flush(self):
        c_errors_flush(self._handle)

    def writable(self):
        return True


io.TextIOBase.register(Errors)


class FileWrapper:
    """wsgi.file_wrapper."""

    def __init__(self, filelike, blksize=8192, /):
        if not isinstance(blksize, int):
            raise TypeError("blksize must be int, not " + type(blksize).__name__)
        if blksize < 0:
            raise ValueError("blksize must not be negative")
        self.filelike = filelike
        self.blksize = blksize

    def __iter__(self):
        return self

    def __next__(self):
        data = self.filelike.read(self.blksize)
        if not isinstance(data, bytes):
            raise TypeError("file wrapper read() must return bytes, not " + type(data).__name__)
        if not data:
            raise StopIteration
        return data

    def close(self):
        close = getattr(self.filelike, "close", None)
        if close is not None:
            close()


def file_region(wrapper):
    """(descriptor, offset, bytes to the end) of a FileWrapper over a regular file, or None if it has to be iterated over."""
    import stat
    filelike = wrapper.filelike
    try:
        fd = filelike.fileno()
        offset = filelike.tell()
        if type(fd) is not int or type(offset) is not int or offset < 0:
            return None
        status = os.fstat(fd)
    except Exception:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return fd, offset, max(0, status.st_size - offset)


# ---- sys.stdout, sys.stderr, sys.stdin ----

class Log(io.RawIOBase):
    """The bytes of sys.stdout or sys.stderr: records of the request that the thread serves, or of the server."""

    def __init__(self, name):
        self.name = name

    def write(self, data):
        return c_std_write(bytes(memoryview(data)))

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        raise OSError(self.name + " has no file descriptor")

    def close(self):
        pass


class Restricted:
    """sys.stdin or sys.stdout where the configuration forbids its use."""

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def __getattribute__(self, attribute):
        raise OSError("%s access restricted by mod_wsgi" % object.__getattribute__(self, "_name"))


def text_log(name):
    return io.TextIOWrapper(Log(name), encoding="utf-8", errors="replace", line_buffering=True, write_through=True)


sys.stderr = text_log("<stderr>")
sys.stdout = text_log("<stdout>")
if "restrict_stdout" in config:
    sys.stdout = Restricted("sys.stdout")
if "restrict_stdin" in config:
    sys.stdin = Restricted("sys.stdin")
elif sys.stdin is None:
    sys.stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
sys.argv = ["mod_wsgi"]


# ---- exceptions in the log ----

def describe(kind, value, trace):
    """The lines of a traceback, without the frames of this file."""
    import traceback
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    text = "".join(traceback.format_exception(kind, value, trace))
    return text.encode("utf-8", "replace")


def log_exception(code, text):
    kind, value, trace = sys.exc_info()
    c_log(ERR, code, text.encode("utf-8", "replace"))
    c_log(ERR, "", describe(kind, value, trace))


def log_stack(level, text):
    import traceback
    stack = traceback.extract_stack()
    while stack and stack[-1].filename == __file__:
        stack.pop()
    c_log(level, "", text.encode("utf-8", "replace"))
    for line in traceback.format_list(stack):
        c_log(level, "", line.encode("utf-8", "replace"))


# ---- scripts ----

def compile_script(path):
    with open(path, "rb") as file:
        source = file.read()
    return compile(source, path, "exec", dont_inherit=True)


def run_script(code, path, name, mtime):
    """Run the script as a new module; what it raises, its caller gets."""
    sys.modules.pop(name, None)
    module = types.ModuleType(name)
    module.__file__ = path
    module.__mtime__ = mtime
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    # A module may replace itself in sys.modules, as in any import.
    return sys.modules.get(name, module)


def reload_required(function, path):
    try:
        return bool(function(path))
    except BaseException:
        log_exception("WSGI0110", "Exception raised by reload_required() of script '%s'; ignored." % path)
        return False


def strings(value):
    """Bytes of a str or bytes result, or a list of them for an iterable; None if it is neither."""
    def one(item):
        if isinstance(item, str):
            return item.encode("latin-1")
        if isinstance(item, bytes):
            return item
        return None
    text = one(value)
    if text is not None:
        return text
    try:
        items = [one(item) for item in value]
    except TypeError:
        return None
    return None if None in items else items


# ---- the mod_wsgi and apache modules ----

class RequestTimeout(BaseException):
    """Raised in a thread whose request took longer than request-timeout."""


mod_wsgi = types.ModuleType("mod_wsgi", "What the server tells an application of itself.")
apache = types.ModuleType("apache", "What the server tells an application of the web server.")
RequestTimeout.__module__ = FileWrapper.__module__ = Input.__module__ = Errors.__module__ = "mod_wsgi"

event_callbacks, shutdown_callbacks, signal_callbacks = [], [], []
request_datas = {}  # by handle, for requests that asked


def request_data():
    handle = c_request(True)
    if not handle:
        raise RuntimeError("no active request for thread")
    data = request_datas.get(handle)
    if data is None:
        data = request_datas[handle] = {}
    return data


def forget(handle):
    """The request is over (called only if c_request(True) was)."""
    request_datas.pop(handle, None)


def subscribe_events(callback):
    event_callbacks.append(callback)
    return callback


def subscribe_shutdown(callback):
    shutdown_callbacks.append(callback)
    return callback


def subscribe_signals(callback):
    signal_callbacks.append(callback)
    if not PROCESS:
        log_stack(INFO, "Signal event subscription has no effect in embedded mode.")
    return callback


def publish(name, callbacks, event):
    for callback in list(callbacks):
        try:
            more = callback(name, **event)
        except BaseException:
            log_exception("WSGI0112", "Exception raised by event callback for event '%s'." % name)
            continue
        if isinstance(more, dict):
            event.update(more)
    return event


def request_started(handle, environ, application):
    """Tell subscribers; returns the application to call."""
    data = request_datas.setdefault(handle, {})
    c_request(True)
    return publish("request_started", event_callbacks, {
        "request_id": environ.get("mod_wsgi.request_id"),
        "thread_id": environ["mod_wsgi.thread_id"],
        "server_pid": int(environ.get("mod_wsgi.server_pid") or 0),
        "request_start": environ["mod_wsgi.request_start"],
        "queue_start": environ["mod_wsgi.queue_start"],
        "daemon_start": environ["mod_wsgi.daemon_start"],
        "application_start": environ["mod_wsgi.application_start"],
        "daemon_connects": 0,
        "daemon_restarts": 0,
        "application_object": application,
        "callable_object": environ.get("mod_wsgi.callable_object"),
        "request_environ": environ,
        "request_data": data,
    })["application_object"]


def response_started(handle, environ, status, headers, exc_info):
    publish("response_started", event_callbacks, {
        "request_id": environ.get("mod_wsgi.request_id"),
        "response_status": status,
        "response_headers": headers,
        "exception_info": exc_info,
        "request_data": request_datas.setdefault(handle, {}),
    })


def request_exception(handle, environ, kind, value, trace):
    publish("request_exception", event_callbacks, {
        "request_id": environ.get("mod_wsgi.request_id"),
        "exception_info": (kind, value, trace),
        "request_data": request_datas.setdefault(handle, {}),
    })


def request_finished(handle, environ, finish, reads, length, writes, written, status, cpu_user, cpu_system):
    start = environ["mod_wsgi.application_start"]
    publish("request_finished", event_callbacks, {
        "request_id": environ.get("mod_wsgi.request_id"),
        "thread_id": environ["mod_wsgi.thread_id"],
        "server_pid": int(environ.get("mod_wsgi.server_pid") or 0),
        "request_start": environ["mod_wsgi.request_start"],
        "queue_start": environ["mod_wsgi.queue_start"],
        "daemon_start": environ["mod_wsgi.daemon_start"],
        "application_start": start,
        "application_finish": finish,
        "application_time": finish - start,
        "input_reads": reads,
        "input_length": length,
        "output_writes": writes,
        "output_length": written,
        "status": status,
        "cpu_user_time": cpu_user,
        "cpu_system_time": cpu_system,
        "cpu_time": cpu_user + cpu_system,
        "request_data": request_datas.setdefault(handle, {}),
    })


def dump_stacks():
    """Where every thread is, into the server's log."""
    for ident, frame in sys._current_frames().items():
        text = "Thread %d executing" % ident
        while frame is not None:
            code = frame.f_code
            if code.co_filename != __file__:
                c_log(INFO, "", ('%s file "%s", line %d, in %s' % (text, code.co_filename, frame.f_lineno, code.co_name)).encode("utf-8", "replace"))
                text = "called from"
            frame = frame.f_back


def control(what, text):
    """What the server wants done in every interpreter."""
    if what == "process_stopping":
        publish(what, event_callbacks + shutdown_callbacks, {"shutdown_reason": text})
    elif what == "process_signal":
        name, number = text.split()
        publish(what, event_callbacks + signal_callbacks, {"signame": name, "signum": int(number)})
    elif what == "stacks":
        dump_stacks()


def shut_down():
    """What ending an interpreter does first: for one that cannot be ended because threads of it remain."""
    try:
        threading._shutdown()
    except Exception:
        log_exception("", "Exception raised when threads were joined.")
    import atexit
    atexit._run_exitfuncs()


def lazy(name):
    if name == "LogHandler":
        import logging

        class LogHandler(logging.Handler):
            """Log records into the server's log, at their own level."""

            def emit(self, record):
                try:
                    number = record.levelno
                    level = (CRIT if number >= logging.CRITICAL else ERR if number >= logging.ERROR else
                             WARN if number >= logging.WARNING else INFO if number >= logging.INFO else DEBUG)
                    c_log(level, "", self.format(record).encode("utf-8", "replace"))
                except Exception:
                    self.handleError(record)

        LogHandler.__module__ = "mod_wsgi"
        mod_wsgi.LogHandler = LogHandler
        return LogHandler
    if name == "active_requests":
        return c_active_requests(lambda handle: request_datas.setdefault(handle, {}))
    raise AttributeError("module 'mod_wsgi' has no attribute %r" % name)


def none(*args, **kwargs):
    return None


mod_wsgi.__getattr__ = lazy
mod_wsgi.version = VERSION
mod_wsgi.process_group = PROCESS
mod_wsgi.application_group = GROUP
mod_wsgi.maximum_processes = int(config["maximum_processes"])
mod_wsgi.threads_per_process = int(config["threads_per_process"])
mod_wsgi.FileWrapper = FileWrapper
mod_wsgi.RequestTimeout = RequestTimeout
mod_wsgi.event_callbacks = event_callbacks
mod_wsgi.shutdown_callbacks = shutdown_callbacks
mod_wsgi.signal_callbacks = signal_callbacks
mod_wsgi.request_data = request_data
mod_wsgi.subscribe_events = subscribe_events
mod_wsgi.subscribe_shutdown = subscribe_shutdown
mod_wsgi.subscribe_signals = subscribe_signals
# Metrics are not kept: each says so the way it does before recording was started.
mod_wsgi.start_recording_metrics = none
mod_wsgi.request_metrics = none
mod_wsgi.process_metrics = none
mod_wsgi.server_metrics = none

apache.version = APACHE_VERSION
apache.description = config["description"]
apache.mpm_name = config["mpm_name"]
apache.build_date = config["build_date"]
apache.maximum_processes = int(config["apache_maximum_processes"])
apache.threads_per_process = int(config["apache_threads_per_process"])

sys.modules["mod_wsgi"] = mod_wsgi
sys.modules["apache"] = apache


# ---- the interpreter ----

if "locale" in config:
    import _locale
    try:
        _locale.setlocale(_locale.LC_ALL, config["locale"])
    except _locale.Error:
        c_log(WARN, "WSGI0079", ("Unable to set locale to '%s' in %s; check that it is installed." % (config["locale"], config["where"])).encode("utf-8", "replace"))
if "eggs" in config:
    os.environ["PYTHON_EGG_CACHE"] = config["eggs"]
if "hide_hash_seed" in config:
    os.environ.pop("PYTHONHASHSEED", None)
if "switch_interval" in config:
    sys.setswitchinterval(float(config["switch_interval"]))


def keep_package_path():
    # A package mod_wsgi from an index may be installed: its submodules stay importable, it does not replace the built-in module.
    for directory in sys.path:
        package = os.path.join(directory, "mod_wsgi")
        if os.path.isfile(os.path.join(package, "__init__.py")):
            mod_wsgi.__path__ = [package]
            return


def add_paths():
    path = config.get("path", "")
    if path:
        import site
        before = list(sys.path)
        for directory in path.split(os.pathsep):
            c_log(INFO, "", ("Adding '%s' to Python module search path for %s." % (directory, config["where"])).encode("utf-8", "replace"))
            site.addsitedir(directory)
            if directory not in sys.path:
                sys.path.append(directory)
        added = [entry for entry in sys.path if entry not in before]
        sys.path[:] = added + [entry for entry in sys.path if entry in before]
    if config.get("working_directory"):
        sys.path.insert(0, config["working_directory"])


add_paths()
keep_package_path()

if "service" in config:
    import signal

    def leave(signalnum, frame):
        raise SystemExit

    signal.signal(signal.SIGINT, leave)
if "restrict_signal" in config:
    import signal

    def replace_signal(original, pid):
        def signal_(signalnum, handler):
            if os.getpid() != pid:
                return original(signalnum, handler)
            log_stack(INFO, "Ignoring Python signal handler registration for signal %d in WSGI process; mod_wsgi manages signals."
                      % signalnum)
            return handler
        signal_.__name__ = signal_.__qualname__ = "signal"
        signal_.__doc__ = original.__doc__
        return signal_

    signal.signal = replace_signal(signal.signal, os.getpid())
