#ifndef OC_SERVER_DETAILS_H
#define OC_SERVER_DETAILS_H
#include "model/provider/discovery.h"
/* What a server tells besides its list. Private to discovery.c and server_details.c. */

/* Completes the models of a list that came from list_path, as far as the kind's other calls tell
 * more. */
void oc_server_details_wait(const struct oc_server *s, const char *list_path, struct oc_deadline d,
			    struct oc_model_list *list);
#endif
