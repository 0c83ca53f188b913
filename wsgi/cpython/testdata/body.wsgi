# Applications named by PATH_INFO that differ in what they return.
import sys, time, os

closed = []
TEXT = [('Content-Type', 'text/plain')]

class Body:
    def __init__(self, items, name='body'):
        self.items, self.name = items, name
    def __iter__(self):
        return iter(self.items)
    def close(self):
        closed.append(self.name)

def raising(*items):
    yield from items
    raise ValueError('from the iterable')

def application(environ, start_response):
    name = environ['PATH_INFO'][1:]
    headers = list(TEXT)
    if environ['QUERY_STRING']:
        headers.append(('Content-Length', environ['QUERY_STRING']))
    if name == 'close_fails':
        class Bad(Body):
            def close(self):
                raise RuntimeError('from close')
        start_response('200 OK', headers)
        return Bad([b'abc'])
    if name == 'closed':
        start_response('200 OK', headers)
        text = ','.join(closed)
        del closed[:]
        return [text.encode()]
    if name == 'raise':
        raise ValueError('from the application \u00e4')
    if name == 'exit':
        sys.exit(3)
    if name == 'no_start':
        return [b'abc']
    if name == 'no_start_empty':
        return []
    if name == 'none':
        start_response('200 OK', headers)
        return None
    if name == 'late_start':
        def late():
            start_response('200 OK', headers)
            yield b'late'
        return late()
    if name.startswith('write'):
        write = start_response('200 OK', headers)
        for part in name.split('_')[1:]:
            write(part.encode())
        if name.endswith('_'):
            return [b'-', b'tail']
        return []
    if name == 'bad_write':
        write = start_response('200 OK', headers)
        write('text')
    start_response('200 OK', headers)
    return {
        'list': lambda: [b'hello'],
        'empty_list': lambda: [],
        'tuple': lambda: (b'one', b'two'),
        'several': lambda: [b'a' * 1000, b'', b'b' * 1000],
        'generator': lambda: (item for item in [b'one', b'', b'two', b'three']),
        'empty_generator': lambda: (item for item in []),
        'empty_items': lambda: (item for item in [b'', b'']),
        'big': lambda: [b'x' * 1000000],
        'big_parts': lambda: (b'y' * 200000 for _ in range(5)),
        'bytes': lambda: b'abc',
        'str': lambda: ['text'],
        'str_later': lambda: [b'abc', 'text'],
        'bytearray': lambda: [bytearray(b'abc')],
        'object': lambda: object(),
        'body': lambda: Body([b'one', b'two']),
        'raise_first': lambda: Body(raising(), 'raise_first'),
        'raise_later': lambda: Body(raising(b'begun'), 'raise_later'),
        'endless': lambda: Body((b'z' * 10000 for _ in iter(int, 1)), 'endless'),
        'slow': lambda: slow(),
    }[name]()

gate = []

def slow():
    yield b'first'
    deadline = time.time() + 10
    while not gate and time.time() < deadline:
        time.sleep(0.001)
    yield b'second'

def open_gate(environ, start_response):
    gate.append(1)
    start_response('200 OK', [])
    return []
