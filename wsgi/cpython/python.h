/* CPython's functions and objects as this package knows them: by name, looked up at run time, on opaque pointers. */
#ifndef HW_PYTHON_H
#define HW_PYTHON_H

#include <stdint.h>
#include <sys/types.h>
#include <wchar.h>

typedef struct PyObject_ PyObject;
typedef struct PyThreadState_ PyThreadState;
typedef struct PyInterpreterState_ PyInterpreterState;
typedef struct PyInitConfig_ PyInitConfig;
typedef ssize_t Py_ssize_t;
typedef PyObject *(*PyCFunctionFast)(PyObject *, PyObject *const *, Py_ssize_t);
typedef struct { const char *ml_name; PyCFunctionFast ml_meth; int ml_flags; const char *ml_doc; } PyMethodDef;

enum { METH_FASTCALL = 0x80, Py_file_input = 257 };

/* Functions of the stable ABI (and a few that were never in it but are exported by every CPython from 3.9 on). */
#define FUNCTIONS \
    X(const char *, Py_GetVersion, (void)) \
    X(int, Py_IsInitialized, (void)) \
    X(int, Py_FinalizeEx, (void)) \
    X(PyThreadState *, Py_NewInterpreter, (void)) \
    X(void, Py_EndInterpreter, (PyThreadState *)) \
    X(PyThreadState *, PyThreadState_New, (PyInterpreterState *)) \
    X(PyThreadState *, PyThreadState_Get, (void)) \
    X(PyThreadState *, PyThreadState_Swap, (PyThreadState *)) \
    X(PyInterpreterState *, PyThreadState_GetInterpreter, (PyThreadState *)) \
    X(void, PyThreadState_Clear, (PyThreadState *)) \
    X(void, PyThreadState_Delete, (PyThreadState *)) \
    X(void, PyThreadState_DeleteCurrent, (void)) \
    X(int, PyThreadState_SetAsyncExc, (unsigned long, PyObject *)) \
    X(PyThreadState *, PyEval_SaveThread, (void)) \
    X(void, PyEval_RestoreThread, (PyThreadState *)) \
    X(PyObject *, PyEval_GetBuiltins, (void)) \
    X(PyObject *, PyEval_EvalCode, (PyObject *, PyObject *, PyObject *)) \
    X(PyObject *, Py_CompileString, (const char *, const char *, int)) \
    X(void, Py_IncRef, (PyObject *)) \
    X(void, Py_DecRef, (PyObject *)) \
    X(PyObject *, PyErr_Occurred, (void)) \
    X(void, PyErr_Clear, (void)) \
    X(void, PyErr_Fetch, (PyObject **, PyObject **, PyObject **)) \
    X(void, PyErr_Restore, (PyObject *, PyObject *, PyObject *)) \
    X(void, PyErr_NormalizeException, (PyObject **, PyObject **, PyObject **)) \
    X(int, PyErr_ExceptionMatches, (PyObject *)) \
    X(PyObject *, PyErr_Format, (PyObject *, const char *, ...)) \
    X(void, PyErr_SetString, (PyObject *, const char *)) \
    X(PyObject *, PyErr_NoMemory, (void)) \
    X(void, PyErr_SetInterrupt, (void)) \
    X(int, PyException_SetTraceback, (PyObject *, PyObject *)) \
    X(PyObject *, PyDict_New, (void)) \
    X(PyObject *, PyDict_Copy, (PyObject *)) \
    X(int, PyDict_SetItem, (PyObject *, PyObject *, PyObject *)) \
    X(int, PyDict_SetItemString, (PyObject *, const char *, PyObject *)) \
    X(PyObject *, PyDict_GetItemWithError, (PyObject *, PyObject *)) \
    X(PyObject *, PyDict_GetItemString, (PyObject *, const char *)) \
    X(PyObject *, PyUnicode_DecodeLatin1, (const char *, Py_ssize_t, const char *)) \
    X(PyObject *, PyUnicode_DecodeFSDefaultAndSize, (const char *, Py_ssize_t)) \
    X(PyObject *, PyUnicode_DecodeFSDefault, (const char *)) \
    X(PyObject *, PyUnicode_FromStringAndSize, (const char *, Py_ssize_t)) \
    X(PyObject *, PyUnicode_InternFromString, (const char *)) \
    X(PyObject *, PyUnicode_AsLatin1String, (PyObject *)) \
    X(const char *, PyUnicode_AsUTF8AndSize, (PyObject *, Py_ssize_t *)) \
    X(PyObject *, PyBytes_FromStringAndSize, (const char *, Py_ssize_t)) \
    X(int, PyBytes_AsStringAndSize, (PyObject *, char **, Py_ssize_t *)) \
    X(PyObject *, PyLong_FromLongLong, (long long)) \
    X(long long, PyLong_AsLongLong, (PyObject *)) \
    X(PyObject *, PyFloat_FromDouble, (double)) \
    X(PyObject *, PyTuple_New, (Py_ssize_t)) \
    X(int, PyTuple_SetItem, (PyObject *, Py_ssize_t, PyObject *)) \
    X(Py_ssize_t, PyTuple_Size, (PyObject *)) \
    X(PyObject *, PyTuple_GetItem, (PyObject *, Py_ssize_t)) \
    X(Py_ssize_t, PyList_Size, (PyObject *)) \
    X(PyObject *, PyList_GetItem, (PyObject *, Py_ssize_t)) \
    X(PyObject *, PyObject_Type, (PyObject *)) \
    X(int, PyObject_IsInstance, (PyObject *, PyObject *)) \
    X(int, PyType_IsSubtype, (PyObject *, PyObject *)) \
    X(PyObject *, PyObject_Repr, (PyObject *)) \
    X(PyObject *, PyObject_GetAttr, (PyObject *, PyObject *)) \
    X(PyObject *, PyObject_GetAttrString, (PyObject *, const char *)) \
    X(int, PyObject_SetAttr, (PyObject *, PyObject *, PyObject *)) \
    X(PyObject *, PyObject_GetIter, (PyObject *)) \
    X(PyObject *, PyIter_Next, (PyObject *)) \
    X(PyObject *, PyObject_Call, (PyObject *, PyObject *, PyObject *)) \
    X(PyObject *, PyObject_CallObject, (PyObject *, PyObject *)) \
    X(PyObject *, PyObject_CallFunctionObjArgs, (PyObject *, ...)) \
    X(PyObject *, PyCFunction_NewEx, (PyMethodDef *, PyObject *, PyObject *)) \
    X(wchar_t *, Py_DecodeLocale, (const char *, size_t *))

/* Functions and variables that some versions lack. */
#define OPTIONAL_FUNCTIONS \
    X(void, Py_InitializeEx, (int)) \
    X(void, Py_SetProgramName, (const wchar_t *)) \
    X(void, Py_SetPythonHome, (const wchar_t *)) \
    X(void, PySys_AddWarnOption, (const wchar_t *)) \
    X(PyObject *, PyObject_Vectorcall, (PyObject *, PyObject *const *, size_t, PyObject *)) \
    X(PyThreadState *, PyInterpreterState_ThreadHead, (PyInterpreterState *)) \
    X(PyThreadState *, PyThreadState_Next, (PyThreadState *)) \
    X(PyInitConfig *, PyInitConfig_Create, (void)) \
    X(void, PyInitConfig_Free, (PyInitConfig *)) \
    X(int, PyInitConfig_SetInt, (PyInitConfig *, const char *, int64_t)) \
    X(int, PyInitConfig_SetStr, (PyInitConfig *, const char *, const char *)) \
    X(int, PyInitConfig_SetStrList, (PyInitConfig *, const char *, size_t, char *const *)) \
    X(int, PyInitConfig_GetError, (PyInitConfig *, const char **)) \
    X(int, Py_InitializeFromInitConfig, (PyInitConfig *))

/* Hidden, or libpython would find these variables instead of its own functions. */
#pragma GCC visibility push(hidden)
#define X(result, name, arguments) extern result(*name) arguments;
FUNCTIONS
OPTIONAL_FUNCTIONS
#undef X

extern PyObject *None, *True, *False;                                       /* _Py_NoneStruct ... */
extern PyObject *List_Type, *Tuple_Type, *Unicode_Type, *Bytes_Type;        /* PyList_Type ... */
extern PyObject *TypeError, *ValueError, *RuntimeError, *OSError, *SystemExit; /* *PyExc_TypeError ... */

int find_exceptions(void);      /* after initialisation; 0 or -1 */
void *find_variable(const char *name); /* a variable of libpython, or NULL */
PyObject *type_of(PyObject *);  /* borrowed: the object keeps it */
int is(PyObject *, PyObject *type); /* of the type or one derived from it; runs no code of the object's */
PyObject *none(void);           /* None as a result */
char *message(const char *format, ...) __attribute__((format(printf, 1, 2))); /* to be freed */
#pragma GCC visibility pop

#endif
