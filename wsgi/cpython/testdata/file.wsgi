# wsgi.file_wrapper over the file and offset of the query string.
import io, os, tempfile

closed = []

class Named:
    """A file that is no real one."""
    def __init__(self, data):
        self.file = io.BytesIO(data)
    def read(self, n):
        return self.file.read(n)
    def close(self):
        closed.append('named')

def application(environ, start_response):
    wrapper, name = environ['wsgi.file_wrapper'], environ['PATH_INFO'][1:]
    headers = []
    if environ['QUERY_STRING']:
        headers.append(('Content-Length', environ['QUERY_STRING']))
    start_response('200 OK', headers)
    if name == 'closed':
        text = ','.join(closed)
        del closed[:]
        return [text.encode()]
    if name == 'buffer':
        return wrapper(io.BytesIO(b'0123456789'), 4)
    if name == 'named':
        return wrapper(Named(b'0123456789'))
    if name == 'subclass':
        class Mine(wrapper):
            pass
        file = tempfile.TemporaryFile()
        file.write(b'0123456789')
        file.seek(7)
        return Mine(file)
    if name == 'pipe':
        r, w = os.pipe()
        os.write(w, b'through a pipe')
        os.close(w)
        return wrapper(os.fdopen(r, 'rb'))
    if name == 'text':
        return wrapper(io.StringIO('text'))
    if name == 'negative':
        return wrapper(io.BytesIO(), -1)
    file = tempfile.TemporaryFile()
    file.write(b'0123456789')
    file.seek(int(name or 0))
    return wrapper(file)
