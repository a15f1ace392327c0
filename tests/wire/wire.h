#ifndef OC_WIRE_H
#define OC_WIRE_H
#include "model/codec/decoder.h"
#include "model/provider/documents.h"
/* Parts of the wire-case runner (tests/wire/README.md). */

/* Appends to out what makes got unlike expected; nothing when it is as expected. */
void wire_compare(json_t *expected, const json_t *got, struct oc_buf *out);

/* What the case calls "normalised". New references. */
json_t *wire_reply_json(const struct oc_reply *r);
/* protocol is one of the document protocols; NULL for any other. */
json_t *wire_document_json(const char *protocol, int status, struct oc_str body);

/* How a payload is cut into reads or writes. */
struct wire_way {
	const char *name;
	size_t step;	      /* bytes a piece; 0 = all at once */
	const json_t *splits; /* offsets where a piece must end, else NULL */
	uint64_t seed;	      /* pieces of 1..max_piece bytes; 0 = not random */
	size_t max_piece;
};
/* Length of the piece that begins at offset at of n bytes. *random is the state of the generator,
 * seeded by the caller. */
size_t wire_piece(const struct wire_way *way, size_t at, size_t n, uint64_t *random);

/* Serves payload on loopback in such pieces and reads it back with the HTTP client: into d, or for
 * a document (d NULL) into *status and body. Must be called in a task. False: the exchange could
 * not be set up. */
bool wire_exchange(const struct wire_way *way, struct oc_str payload, struct oc_decoder *d,
		   int *status, struct oc_buf *body, struct oc_err *e);
#endif
