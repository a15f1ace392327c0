#ifndef OC_SCHEMA_TABLE_H
#define OC_SCHEMA_TABLE_H
#include "base/str.h"
/*
 * Rows of the configuration schema. A path names keys joined by '.', with '*' for any key and '[]'
 * for the elements of a list; what stands above a row is an object (or a list) by that. Objects
 * take no other keys than their rows.
 */
enum {
	T_STR = 1 << 0,
	T_NUM = 1 << 1,
	T_BOOL = 1 << 2,
	T_NULL = 1 << 3,
	T_OBJ = 1 << 4,
	T_LIST = 1 << 5,
	T_ANY = T_STR | T_NUM | T_BOOL | T_NULL | T_OBJ | T_LIST,
	T_FREE = 1 << 6,       /* an object with any content */
	T_INT = 1 << 7,	       /* numbers must be whole */
	T_POSITIVE = 1 << 8,   /* numbers must be above 0 */
	T_NOT_NEG = 1 << 9,    /* numbers must be 0 or more */
	T_NOT_EMPTY = 1 << 10, /* strings */
	T_REQUIRED = 1 << 11,
	T_SECRET = 1 << 12, /* a string or a reference {source, provider, id}; never shown */
	T_KNOWN = 1 << 13,  /* the reference product's: kept, never read */
	T_RECORD = T_OBJ | T_FREE,
	T_COUNT = T_NUM | T_INT | T_NOT_NEG,
	T_SIZE = T_NUM | T_INT | T_POSITIVE,
	T_KEY = T_STR | T_SECRET,
};
struct oc_schema_row {
	const char *path;
	unsigned type;
	const char *options; /* "a|b": the strings there are; NULL: any */
};
extern const struct oc_schema_row oc_schema_rows[]; /* ends with path NULL */

/* Where one object has the shape of another. */
struct oc_schema_alias {
	const char *path, *same_as;
};
extern const struct oc_schema_alias oc_schema_aliases[]; /* ends with path NULL */

/* Keys of the reference product below an owned path, separated by spaces. */
struct oc_schema_known {
	const char *path, *keys;
};
extern const struct oc_schema_known oc_schema_known[]; /* ends with path NULL */

extern const char *const oc_schema_foreign[]; /* root sections kept unread, ends with NULL */

enum { SCHEMA_TYPES = 6 };
struct oc_schema_type {
	unsigned bit;
	const char *name;
};
extern const struct oc_schema_type oc_schema_types[SCHEMA_TYPES];

/* The rows as a tree. */
struct oc_schema_node {
	struct oc_str name; /* a key, "*" or "[]" */
	unsigned type;
	const char *options;
	struct oc_schema_node *child, *last_child, *next;
	struct oc_schema_node *same; /* whose children this node has too */
};
const struct oc_schema_node *oc_schema_root(void);
/* The node for a key: by name, else the one for any key; NULL when there is none. */
struct oc_schema_node *oc_schema_child(const struct oc_schema_node *n, struct oc_str key);
struct oc_schema_node *oc_schema_element(const struct oc_schema_node *n); /* of a list */
#endif
