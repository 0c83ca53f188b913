# Runs until it is interrupted, before or after it has begun its response.
import mod_wsgi

caught = []

def application(environ, start_response):
    if environ['PATH_INFO'] == '/caught':
        start_response('200 OK', [])
        return [repr(caught).encode()]
    if environ['PATH_INFO'] == '/later':
        start_response('200 OK', [])
        return busy()
    environ['wsgi.errors'].write('begun\n')
    for _ in busy():
        pass

def busy():
    yield b'begun'
    try:
        while True:
            pass
    except mod_wsgi.RequestTimeout as timeout:
        caught.append(type(timeout).__name__)
        raise
