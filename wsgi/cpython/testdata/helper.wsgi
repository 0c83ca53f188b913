# A thread of the application reads the request body while the application itself produces the response.
import threading

def application(environ, start_response):
    got = []
    reader = threading.Thread(target=lambda: got.append(environ['wsgi.input'].read()))
    reader.start()
    start_response('200 OK', [])
    def body():
        for _ in range(50):
            yield b'x' * 1000
        reader.join()
        yield str(len(got[0])).encode()
    return body()
