# Subscribes to events and shows them.
import mod_wsgi

seen = []

def wrap(application):
    def wrapped(environ, start_response):
        environ['wrapped'] = 'yes'
        return application(environ, start_response)
    return wrapped

@mod_wsgi.subscribe_events
def callback(name, **event):
    seen.append((name, sorted(event)))
    if name == 'process_stopping':
        return
    event['request_data'].setdefault('names', []).append(name)
    if name == 'request_started':
        return {'application_object': wrap(event['application_object'])}
    if name == 'request_exception':
        seen.append(event['exception_info'][0].__name__)
    if name == 'request_finished':
        seen.append((event['status'], event['output_length'], event['request_data']['names']))

def application(environ, start_response):
    if environ['PATH_INFO'] == '/raise':
        raise KeyError('gone')
    if environ['PATH_INFO'] == '/seen':
        start_response('200 OK', [])
        text = repr(seen)
        return [text.encode()]
    start_response('200 OK', [])
    return [environ.get('wrapped', 'no').encode(), b' ', mod_wsgi.request_data()['names'][0].encode(),
            b' ', ','.join(mod_wsgi.active_requests).encode()]
