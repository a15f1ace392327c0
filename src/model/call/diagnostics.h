#ifndef OC_DIAGNOSTICS_H
#define OC_DIAGNOSTICS_H
#include "model/codec/decoder.h"
#include "net/client/http_client.h"
/*
 * What a request to a model cost and how it ended, for whoever looks for a fault (spec 01 §11):
 * model.call.started, then exactly one of model.call.completed and model.call.error, one JSON
 * object a line. They hold names, counts and times: never a prompt, a URL or a server's words.
 *
 * They go to stderr with --log-level debug; and to OPENCLAW_DIAGNOSTICS_FILE, or else to
 * logging.file when logging.level (or --log-level) is debug or finer.
 */
struct oc_call_spec;

/* One request under observation. Zeroed before start; start and end come in pairs. */
struct oc_observation {
	json_t *facts; /* what both events carry; NULL = nobody listens, and nothing is done */
	char *file;
	int64_t max_file_bytes;
	bool console;
	uint64_t began_ms, first_byte_ms; /* monotonic; 0 = not yet */
	size_t request_bytes, response_bytes;
	char request_id[24]; /* "sha256:" and 12 digits; "" = none was told */
};
void oc_observe_start(struct oc_observation *o, const struct oc_call_spec *s, struct oc_str body);
void oc_observe_head(struct oc_observation *o, oc_header_fn *header, void *arg);
void oc_observe_bytes(struct oc_observation *o, size_t n);
/* rc and how: how the request ended below HTTP. Frees what o holds. */
void oc_observe_end(struct oc_observation *o, enum oc_rc rc, enum oc_http_failure how,
		    const struct oc_reply *reply);

/* "aborted", "connection_reset", "connection_closed", "terminated", "timeout", or NULL: the failure
 * lies elsewhere. Static. */
const char *oc_failure_kind(enum oc_rc rc, enum oc_http_failure how,
			    const struct oc_call_error *error);
#endif
