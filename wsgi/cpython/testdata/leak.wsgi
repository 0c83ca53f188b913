# Makes one request of every kind that keeps something, and counts what is left.
import gc, sys

def application(environ, start_response):
    name = environ['PATH_INFO']
    if name == '/count':
        gc.collect()
        start_response('200 OK', [])
        return [str(len(gc.get_objects())).encode(), b' ', str(sys.getallocatedblocks()).encode(), b' ',
                ' '.join(str(sys.getrefcount(o)) for o in (None, True, False, start_response.__class__, environ['wsgi.file_wrapper'])).encode()]
    if name == '/raise':
        raise ValueError('x')
    if name == '/bad':
        start_response('200 OK', [('a b', 'c')])
    if name == '/write':
        start_response('200 OK', [('X', '\xe9')])(b'abc')
        return []
    if name == '/read':
        data = environ['wsgi.input'].read(3), environ['wsgi.input'].readline(), environ['wsgi.input'].readlines()
        start_response('200 OK', [('Content-Length', '3')])
        return (part for part in [b'abc', b'def'])
    print('a line')
    start_response('200 OK', [])
    start_response('404 Not Found', [('X-Again', 'yes')])
    return iter([b'abc'])
