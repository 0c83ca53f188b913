//go:build linux && cgo && !nopython

/* libpython: opening it and looking its functions up. */
#define _GNU_SOURCE
#include "python.h"
#include "shim.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define X(result, name, arguments) result(*name) arguments;
FUNCTIONS
OPTIONAL_FUNCTIONS
#undef X
PyObject *None, *True, *False;
PyObject *List_Type, *Tuple_Type, *Unicode_Type, *Bytes_Type;
PyObject *TypeError, *ValueError, *RuntimeError, *OSError, *SystemExit;

static void *lib;

void *find_variable(const char *name) { return dlsym(lib, name); }

char *message(const char *format, ...) {
    char *text = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) text = NULL;
    va_end(list);
    return text;
}

char *hw_load(const char *library) {
    void *h = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    if (!h) return message("%s", dlerror());
    const char *missing = NULL;
    /* dlsym returns void*, which ISO C does not convert to a function pointer: POSIX has it copied through its storage. */
#define LOOKUP(variable, name, needed) \
    do { void *p_ = dlsym(h, name); if (!p_ && (needed) && !missing) missing = name; memcpy(&variable, &p_, sizeof p_); } while (0)
#define X(result, name, arguments) LOOKUP(name, #name, 1);
    FUNCTIONS
#undef X
#define X(result, name, arguments) LOOKUP(name, #name, 0);
    OPTIONAL_FUNCTIONS
#undef X
    LOOKUP(None, "_Py_NoneStruct", 1);
    LOOKUP(True, "_Py_TrueStruct", 1);
    LOOKUP(False, "_Py_FalseStruct", 1);
    LOOKUP(List_Type, "PyList_Type", 1);
    LOOKUP(Tuple_Type, "PyTuple_Type", 1);
    LOOKUP(Unicode_Type, "PyUnicode_Type", 1);
    LOOKUP(Bytes_Type, "PyBytes_Type", 1);
#undef LOOKUP
    if (!Py_InitializeEx && !Py_InitializeFromInitConfig) missing = "Py_InitializeEx";
    if (missing) {
        char *m = message("%s lacks %s: not a libpython of CPython 3.9 or newer", library, missing);
        dlclose(h);
        return m;
    }
    lib = h;
    return NULL;
}

/* The exception types are variables that Python sets when it is initialised. */
int find_exceptions(void) {
    struct { PyObject **at; const char *name; } list[] = {
        {&TypeError, "PyExc_TypeError"}, {&ValueError, "PyExc_ValueError"}, {&RuntimeError, "PyExc_RuntimeError"},
        {&OSError, "PyExc_OSError"}, {&SystemExit, "PyExc_SystemExit"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        PyObject **p = dlsym(lib, list[i].name);
        if (!p || !*p) return -1;
        *list[i].at = *p;
    }
    return 0;
}

const char *hw_version(void) { return Py_GetVersion(); }

PyObject *type_of(PyObject *o) {
    PyObject *t = PyObject_Type(o);
    Py_DecRef(t);
    return t;
}

int is(PyObject *o, PyObject *type) {
    PyObject *t = type_of(o);
    return t == type || PyType_IsSubtype(t, type);
}

PyObject *none(void) {
    Py_IncRef(None);
    return None;
}
