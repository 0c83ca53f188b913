#ifndef HW_PCRE_SHIM_H
#define HW_PCRE_SHIM_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>

typedef struct {
    int errorcode;        /* why the pattern was not accepted */
    size_t erroroffset;   /* where */
    uint32_t captures;    /* groups, without the whole match */
    uint32_t fast;        /* pcre2_jit_match may be used */
    uint32_t namecount;   /* the name table, see pcre2_pattern_info */
    uint32_t namesize;
    const unsigned char *nametable;
} hw_pcre_info;

/* NULL on failure, then errorcode and erroroffset are set. */
pcre2_code *hw_pcre_compile(const char *pattern, size_t length, uint32_t options, hw_pcre_info *info);
void hw_pcre_free(pcre2_code *code);

/* Matches; on success all n pairs at spans are written (-1, -1 if unset).
 * Returns 0 or PCRE2's negative error number. */
int hw_pcre_exec(const pcre2_code *code, const char *subject, size_t length, uint32_t options,
                 uint32_t limit, uint32_t fast, int32_t *spans, int n);

int hw_pcre_error(int code, char *buf, size_t size);
void hw_pcre_version(char *buf);

#endif
