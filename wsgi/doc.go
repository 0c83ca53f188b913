// Package wsgi runs WSGI applications (PEP 3333) the way mod_wsgi does, and knows nothing of HTTP or of Apache.
//
// Whoever has a request describes it in a [Form], the flat bytes that Python's environ is made from, and hands it to [Engine.Run] with
// an [Exchange], through which the request body comes in and the response goes out. Run blocks its goroutine, which waits without
// holding a processor, and says in its [Result] how the request ended. The same Form may first travel to another process.
//
// Python itself is package cpython's. Application groups are its interpreters: the main one for the group "", a sub interpreter for
// each other name. Threads, script loading and reloading, streams and the mod_wsgi module follow mod_wsgi 6.
package wsgi
