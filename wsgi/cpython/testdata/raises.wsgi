def inner():
    raise LookupError('when loaded')

inner()
