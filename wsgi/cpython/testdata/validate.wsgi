# An application that exercises each rule of PEP 3333, checked from both sides by wsgiref.validate.
from wsgiref.validate import validator

class Iterable:
    def __init__(self, items):
        self.items = iter(items)
        self.closed = False
    def __iter__(self):
        return self
    def __next__(self):
        return next(self.items)
    def close(self):
        self.closed = True

def inner(environ, start_response):
    kind = environ['PATH_INFO'][1:]
    stream, errors = environ['wsgi.input'], environ['wsgi.errors']
    body = b''
    if kind == 'read':
        body = stream.read(4) + stream.readline(3) + stream.readline(5) + stream.read(1)
    if kind == 'lines':
        body = b''.join(stream.readlines(2)) + b''.join(line for line in stream)
    errors.write('one\n')
    errors.writelines(['two\n'])
    errors.flush()
    headers = [('Content-Type', 'text/plain'), ('X-Two', 'a'), ('X-Two', 'b')]
    if kind == 'write':
        write = start_response('200 OK', headers)
        write(b'written ')
        return Iterable([b'and iterated'])
    start_response('200 Fine', headers)
    return Iterable([b'<', body, b'>'])

application = validator(inner)
