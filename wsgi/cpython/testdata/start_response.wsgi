# Calls start_response with the arguments that the query string spells, and says what it raised.
import sys

def exc_info():
    try:
        raise KeyError('earlier')
    except KeyError:
        return sys.exc_info()

kept = []

def application(environ, start_response):
    names = {'start_response': start_response, 'exc_info': exc_info, 'kept': kept, 'ok': [('Content-Type', 'text/plain')]}
    try:
        exec(environ['QUERY_STRING'], names)
        text = 'no exception'
    except Exception as error:
        text = '%s: %s' % (type(error).__name__, error)
    if 'result' in names:
        return names['result']
    start_response('200 OK', [], exc_info() if 'again' in names else None)
    return [text.encode()]
