#ifndef OC_STR_H
#define OC_STR_H
#include <string.h>

#include "err.h"

/* Borrowed, length-counted, not NUL-terminated, never freed by its holder. */
struct oc_str {
	const char *p;
	size_t n;
};
#define OC_LIT(s) ((struct oc_str){ "" s, sizeof(s) - 1 })
/* For printf's "%.*s". */
#define OC_FMT(s) (int)(s).n, (s).p ? (s).p : ""

/* NULL gives the empty view. */
static inline struct oc_str oc_str(const char *s)
{
	return (struct oc_str){ s, s ? strlen(s) : 0 };
}

bool oc_str_eq(struct oc_str a, struct oc_str b);
bool oc_str_ieq(struct oc_str a, struct oc_str b); /* ASCII case folded */
bool oc_str_starts(struct oc_str s, struct oc_str prefix);
bool oc_str_istarts(struct oc_str s, struct oc_str prefix);
bool oc_str_ends(struct oc_str s, struct oc_str suffix);
/* Position of needle in s at or after from, or SIZE_MAX. The empty needle is found at from. */
size_t oc_str_find(struct oc_str s, struct oc_str needle, size_t from);
size_t oc_str_ifind(struct oc_str s, struct oc_str needle, size_t from);
bool oc_str_has(struct oc_str s, struct oc_str needle);
bool oc_str_ihas(struct oc_str s, const char *needle);
struct oc_str oc_str_trim(struct oc_str s);	       /* ASCII white space at both ends */
struct oc_str oc_str_from(struct oc_str s, size_t at); /* s[at..], empty beyond the end */
struct oc_str oc_str_head(struct oc_str s, size_t n);  /* s[..n], all of it when shorter */
bool oc_is_space(char c);

/* The whole of s is a decimal integer within [min, max], optional sign, no white space. */
OC_MUST_USE bool oc_parse_int(struct oc_str s, int64_t min, int64_t max, int64_t *out);

/* Owned list of owned strings, always NULL-terminated once something was added. Zeroed is empty. */
struct oc_strv {
	char **v;
	size_t n, cap;
};
void oc_strv_add(struct oc_strv *l, struct oc_str s);
void oc_strv_addf(struct oc_strv *l, const char *fmt, ...) OC_PRINTF(2, 3);
bool oc_strv_has(const struct oc_strv *l, struct oc_str s);
/* Adds unless it is there. */
void oc_strv_add_once(struct oc_strv *l, struct oc_str s);
/* Joined with sep; free with free(). */
char *oc_strv_join(const struct oc_strv *l, const char *sep);
void oc_strv_sort(struct oc_strv *l); /* code-point order */
void oc_strv_deinit(struct oc_strv *l);
#endif
