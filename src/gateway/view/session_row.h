#ifndef OC_SESSION_ROW_H
#define OC_SESSION_ROW_H
#include "gateway/gateway.h"
/* Sessions as clients list them (spec 02 §2.7, "Session row"). New references. */
enum oc_row_size {
	OC_ROW_FULL,
	OC_ROW_COMPACT, /* beside events: what changes */
};
json_t *oc_session_row(const struct oc_gateway *gw, const struct oc_session_record *r,
		       enum oc_row_size size);
/* Of a canonical key; NULL when there is no such session. */
json_t *oc_session_row_wait(const struct oc_gateway *gw, const char *key, enum oc_row_size size);
/* derivedTitle and lastMessagePreview, read from its messages. */
void oc_session_row_titles_wait(const struct oc_gateway *gw, const struct oc_session_record *r,
				bool title, bool last_message, json_t *row);
#endif
