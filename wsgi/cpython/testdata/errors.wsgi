# Writes to wsgi.errors, sys.stdout and sys.stderr as the query string says.
import sys, io, threading, logging

kept = []

def application(environ, start_response):
    errors = environ['wsgi.errors']
    try:
        exec(environ['QUERY_STRING'], {'errors': errors, 'sys': sys, 'io': io, 'threading': threading, 'kept': kept, 'logging': logging})
        text = 'no exception'
    except Exception as error:
        text = '%s: %s' % (type(error).__name__, error)
    start_response('200 OK', [])
    return [text.encode()]
