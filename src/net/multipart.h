#ifndef OC_MULTIPART_H
#define OC_MULTIPART_H
#include "base/buf.h"
/* Bodies of multipart/form-data (RFC 7578). Pure but for the boundary, which is random. */
struct oc_multipart {
	struct oc_buf body;
	char boundary[41];
	char content_type[96]; /* value of the header */
};
void oc_multipart_init(struct oc_multipart *m, size_t max_bytes);
void oc_multipart_deinit(struct oc_multipart *m);
void oc_multipart_field(struct oc_multipart *m, const char *name, struct oc_str value);
/* Quotes, line ends and backslashes of file_name become underscores. */
void oc_multipart_file(struct oc_multipart *m, const char *name, const char *file_name,
		       const char *mime, struct oc_str bytes);
/* The last one. OC_E_LIMIT: it grew beyond max_bytes. */
OC_MUST_USE enum oc_rc oc_multipart_end(struct oc_multipart *m, struct oc_err *e);
#endif
