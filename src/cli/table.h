#ifndef OC_TABLE_H
#define OC_TABLE_H
#include "base/str.h"
/* Aligned columns for a person: titles in bold on a terminal, widths in terminal columns. */
struct oc_table {
	size_t columns;
	char **cells; /* row by row, titles first */
	size_t n;
};
/* titles: as many as there are columns, ended by NULL. */
void oc_table_init(struct oc_table *t, const char *const *titles);
/* The next cell of the row; text is copied with what could disturb a terminal written as escapes.
 * NULL is shown as "-". */
void oc_table_add(struct oc_table *t, const char *text);
void oc_table_addf(struct oc_table *t, const char *fmt, ...) OC_PRINTF(2, 3);
void oc_table_print(const struct oc_table *t); /* to stdout */
void oc_table_deinit(struct oc_table *t);
#endif
