#ifndef OC_SESSIONS_TABLE_H
#define OC_SESSIONS_TABLE_H
#include "json/json.h"
/* Session rows of the protocol (spec 02 §2.7) as a table on stdout. */
void oc_sessions_table(const json_t *rows);
#endif
