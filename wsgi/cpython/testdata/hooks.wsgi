# Functions that the server calls by name.
def check_password(environ, user, password):
    return {'yes': True, 'no': False, 'none': None, 'name': 'somebody else', 'number': 1}.get(password, ' '.join([user, environ['REQUEST_METHOD']]))

def groups_for_user(environ, user):
    if user == 'raise':
        raise RuntimeError('no groups')
    return ['one', b'two', user]

def keys(environ):
    return sorted(environ)
