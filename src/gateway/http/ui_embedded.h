#ifndef OC_HTTP_UI_EMBEDDED_H
#define OC_HTTP_UI_EMBEDDED_H
#include <stddef.h>
/*
 * The web chat that is part of the program: the files of ui/, written as a table by ui/embed.py
 * when it is built.
 */
struct oc_ui_embedded {
	const char *path; /* below ui/: "views/chat.js" */
	const char *etag; /* with its quotes */
	const unsigned char *plain;
	size_t n_plain;
	const unsigned char *gzip; /* the same, compressed */
	size_t n_gzip;
};
extern const struct oc_ui_embedded oc_ui_embedded_files[]; /* ends with an empty row */
#endif
