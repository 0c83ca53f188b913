# Evaluates the query string where the modules that the server provides are imported.
import mod_wsgi, apache, sys, os, signal, threading, wsgiref.util

local = threading.local()
barrier = threading.Barrier(8)

def count():
    local.n = getattr(local, 'n', 0) + 1
    return threading.get_ident(), local.n

def application(environ, start_response):
    try:
        result = eval(environ['QUERY_STRING'], globals(), {'environ': environ})
    except Exception as error:
        result = '%s: %s' % (type(error).__name__, error)
    start_response('200 OK', [])
    return [repr(result).encode()]
