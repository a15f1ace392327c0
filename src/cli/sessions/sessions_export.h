#ifndef OC_SESSIONS_EXPORT_H
#define OC_SESSIONS_EXPORT_H
#include "json/json.h"
/* A session as a document: rows and messages in the protocol's form. Pure. */
enum oc_export_form {
	OC_EXPORT_JSONL,    /* one event a line, the classic form of transcripts (spec 02 §7) */
	OC_EXPORT_MARKDOWN, /* for a person */
	OC_EXPORT_JSON,	    /* one document */
};
bool oc_export_form_parse(const char *name, enum oc_export_form *out);
void oc_session_export(const json_t *row, const json_t *messages, enum oc_export_form form,
		       struct oc_buf *out);
/* The readable text of a message: its text parts, one after the other. */
void oc_message_text(const json_t *message, struct oc_buf *out);
#endif
