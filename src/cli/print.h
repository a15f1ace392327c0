#ifndef OC_PRINT_H
#define OC_PRINT_H
#include "json/json.h"
/* What every command prints the same way. */

/* Text of a model or a file: as it is into a pipe; on a terminal without control characters, which
 * could move the cursor or retitle the window. Ends with exactly one line end. */
void oc_print_text(struct oc_str text);
/* The same without a line end of its own, for deltas. */
void oc_print_delta(struct oc_str text);
void oc_print_json(const json_t *v);	 /* pretty, to stdout */
void oc_print_warning(const char *text); /* "warning: …" to stderr */
bool oc_print_colour(void); /* stdout is a terminal that shows colours, and NO_COLOR is not set */
#endif
