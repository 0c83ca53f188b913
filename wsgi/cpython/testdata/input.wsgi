# Reads its input the way PATH_INFO says and answers with the repr of what it got.
kept = []

def application(environ, start_response):
    stream = environ['wsgi.input']
    try:
        result = eval(environ['PATH_INFO'][1:], {'stream': stream, 'kept': kept})
    except Exception as error:
        result = '%s: %s' % (type(error).__name__, error)
    start_response('200 OK', [])
    return [repr(result).encode()]
