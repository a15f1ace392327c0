#ifndef OC_PERCENT_H
#define OC_PERCENT_H
#include "base/buf.h"
/* Percent-encoded text of addresses that clients ask for. Pure. */

/* Appends what it means; NULs are refused. False: broken. */
bool oc_percent_decode(struct oc_str in, struct oc_buf *out);
/* Appends the value of the first parameter of that name in a query ("a=1&b=c+d"). False: there is
 * none, or it is broken. */
bool oc_query_value(struct oc_str query, struct oc_str name, struct oc_buf *out);
#endif
