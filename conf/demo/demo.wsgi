"""The page that httpd-wsgi serves out of the box: what an application sees of its server and of the request."""
import html
import os
import platform
import sys
import threading

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>httpd-wsgi works</title>
<link rel="stylesheet" href="{static}demo.css">
</head>
<body>
<main>
<h1>httpd-wsgi works</h1>
<p class="lead">This page is a WSGI application: <code>{script}</code></p>
<dl class="facts">{facts}</dl>
<h2>Try it</h2>
<form method="post" action="{self}">
<input name="text" value="{text}" aria-label="text to post"><button>Post</button>
<span>{posted}</span>
</form>
<h2>environ</h2>
<table>{environ}</table>
<p class="foot">Change <code>{script}</code> and reload: no restart is needed. The configuration is
<code>httpd.conf.sample</code>; static files come from <a href="{static}demo.css">{static}</a> without Python.</p>
</main>
</body>
</html>
"""

_lock = threading.Lock()
_requests = 0


def application(environ, start_response):
    global _requests
    with _lock:
        _requests += 1
        count = _requests
    text, posted = 'hello', ''
    if environ['REQUEST_METHOD'] == 'POST':
        body = environ['wsgi.input'].read()
        text = body.decode('utf-8', 'replace').partition('=')[2].replace('+', ' ')[:200]
        posted = '%d bytes arrived in wsgi.input' % len(body)
    facts = [
        ('Server', environ.get('SERVER_SOFTWARE', '')),
        ('mod_wsgi interface', '.'.join(map(str, environ.get('mod_wsgi.version', ())))),
        ('Python', '%s %s' % (platform.python_implementation(), platform.python_version())),
        ('Prefix', sys.prefix),
        ('Process', '%d, request %d' % (os.getpid(), count)),
        ('Thread', threading.current_thread().name),
        ('Processes, threads', 'multiprocess %s, multithread %s' % (environ['wsgi.multiprocess'], environ['wsgi.multithread'])),
        ('Application group', environ.get('mod_wsgi.application_group') or '%{GLOBAL}'),
    ]
    escape = html.escape
    page = PAGE.format(
        script=escape(__file__),
        self=escape(environ.get('SCRIPT_NAME', '') + '/'),
        static='/static/',
        text=escape(text),
        posted=escape(posted),
        facts=''.join('<dt>%s</dt><dd>%s</dd>' % (escape(k), escape(str(v))) for k, v in facts),
        environ=''.join('<tr><th>%s</th><td>%s</td></tr>' % (escape(k), escape(repr(environ[k]))) for k in sorted(environ)),
    ).encode()
    start_response('200 OK', [('Content-Type', 'text/html; charset=utf-8'), ('Content-Length', str(len(page))),
                              ('Cache-Control', 'no-store')])
    return [page]
