# The environ as text, a line for each key.
import os

def application(environ, start_response):
    lines = ['%s=%r' % item for item in sorted(environ.items(), key=lambda item: item[0])]
    lines.append('os.environ MYVAR=%r' % os.environ.get('MYVAR'))
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return ['\n'.join(lines).encode('latin-1')]
