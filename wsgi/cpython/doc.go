// Package cpython runs CPython inside this process: it loads libpython at run time, keeps one interpreter for each application group
// and a fixed number of operating system threads that run them, and carries calls there and messages back.
//
// It is the only package of the engine with C in it, and its Go face is small: [Start], [Runtime.Group], [Runtime.Script] and [Call].
// What a request means, its environ keys, its form and its outcome for a server are package wsgi's business; what an interpreter is
// made of is the C files' (engine.h lists what they share) and bootstrap.py's. No Go code ever runs on a thread that runs Python, and no Go pointer is ever given to C: a
// call's bytes are copied into memory of its own, and what Python asks of Go comes as a message to the goroutine that waits for the
// call. docs/internals-python.md has the threads, the states and who owns which byte.
package cpython
