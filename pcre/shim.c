#include "shim.h"

#include <pthread.h>
#include <stdlib.h>

/* The working memory of one thread. A call into C stays on its thread until it
 * returns, so nothing here is ever shared and no lock is needed. */
struct scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    uint32_t pairs; /* capacity of data */
    uint32_t limit; /* the limit that context holds now */
};

static __thread struct scratch *scratch;
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static int scratch_key_ok;

enum { MIN_PAIRS = 16 };

static void scratch_free(void *p)
{
    struct scratch *s = p;

    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    free(s);
    scratch = NULL;
}

static void scratch_key_make(void)
{
    scratch_key_ok = pthread_key_create(&scratch_key, scratch_free) == 0;
}

static struct scratch *scratch_get(uint32_t pairs)
{
    struct scratch *s = scratch;

    if (s == NULL) {
        pthread_once(&scratch_once, scratch_key_make);
        s = calloc(1, sizeof *s);
        if (s == NULL)
            return NULL;
        s->context = pcre2_match_context_create(NULL);
        if (s->context == NULL) {
            free(s);
            return NULL;
        }
        if (!scratch_key_ok || pthread_setspecific(scratch_key, s) != 0) {
            pcre2_match_context_free(s->context);
            free(s);
            return NULL;
        }
        scratch = s;
    }
    if (s->pairs < pairs) {
        pcre2_match_data *data = pcre2_match_data_create(pairs, NULL);

        if (data == NULL)
            return NULL;
        pcre2_match_data_free(s->data);
        s->data = data;
        s->pairs = pairs;
    }
    return s;
}

pcre2_code *hw_pcre_compile(const char *pattern, size_t length, uint32_t options, hw_pcre_info *info)
{
    uint32_t all = 0;
    size_t jitsize = 0;
    pcre2_code *code;

    if (pattern == NULL)
        pattern = "";
    code = pcre2_compile((PCRE2_SPTR)pattern, length, options, &info->errorcode, &info->erroroffset, NULL);
    if (code == NULL)
        return NULL;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &info->captures);
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &info->namecount);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &info->namesize);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &info->nametable);
    pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &all);
    /* Without JIT (an architecture that lacks it, no executable memory, a
     * pattern with (*NO_JIT)) the interpreter gives the same answers. */
    if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0)
        pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &jitsize);
    /* The direct entrance does not check that the subject is UTF-8. */
    info->fast = jitsize > 0 && !(all & PCRE2_UTF);
    return code;
}

void hw_pcre_free(pcre2_code *code)
{
    pcre2_code_free(code);
}

int hw_pcre_exec(const pcre2_code *code, const char *subject, size_t length, uint32_t options,
                 uint32_t limit, uint32_t fast, int32_t *spans, int n)
{
    struct scratch *s = scratch_get(n > MIN_PAIRS ? (uint32_t)n : MIN_PAIRS);
    const PCRE2_SIZE *ov;
    int rc, i;

    if (s == NULL)
        return PCRE2_ERROR_NOMEMORY;
    if (length > INT32_MAX)
        return PCRE2_ERROR_BADDATA;
    if (subject == NULL)
        subject = "";
    if (s->limit != limit) {
        pcre2_set_match_limit(s->context, limit);
        s->limit = limit;
    }
    if (fast)
        rc = pcre2_jit_match(code, (PCRE2_SPTR)subject, length, 0, options, s->data, s->context);
    else
        rc = pcre2_match(code, (PCRE2_SPTR)subject, length, 0, options, s->data, s->context);
    /* The JIT works on 32 KiB of machine stack; the interpreter takes what it
     * needs from the heap, up to PCRE2's heap limit, as in Apache. */
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(code, (PCRE2_SPTR)subject, length, 0, options | PCRE2_NO_JIT, s->data, s->context);
    if (rc < 0)
        return rc;
    if (n > 0) {
        ov = pcre2_get_ovector_pointer(s->data);
        /* rc is the number of pairs set, 0 if there were more than fit. */
        if (rc == 0 || rc > n)
            rc = n;
        for (i = 0; i < rc; i++) {
            spans[2 * i] = ov[2 * i] == PCRE2_UNSET ? -1 : (int32_t)ov[2 * i];
            spans[2 * i + 1] = ov[2 * i + 1] == PCRE2_UNSET ? -1 : (int32_t)ov[2 * i + 1];
        }
        for (; i < n; i++)
            spans[2 * i] = spans[2 * i + 1] = -1;
    }
    return 0;
}

int hw_pcre_error(int code, char *buf, size_t size)
{
    return pcre2_get_error_message(code, (PCRE2_UCHAR *)buf, size);
}

void hw_pcre_version(char *buf)
{
    pcre2_config(PCRE2_CONFIG_VERSION, buf);
}
