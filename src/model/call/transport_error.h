#ifndef OC_TRANSPORT_ERROR_H
#define OC_TRANSPORT_ERROR_H
#include "model/codec/decoder.h"
#include "net/client/http_client.h"
/* What went wrong below HTTP, in the words of model calls. Pure. */

/* Replaces what e holds; failover tells a bad certificate from a server that is down by its code.
 */
void oc_transport_error(struct oc_call_error *e, enum oc_http_failure why, const char *message);
/* How a body ended, for the decoder. */
enum oc_body_end oc_transport_end(enum oc_http_failure why);
#endif
