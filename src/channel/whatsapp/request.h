#ifndef OC_WHATSAPP_REQUEST_H
#define OC_WHATSAPP_REQUEST_H
#include "json/json.h"
/*
 * Bodies for POST /<phone number id>/messages of the Cloud API. Pure. All are new references;
 * texts within the ceilings are the caller's care, except where a function says that it cuts.
 */
enum {
	OC_WA_TEXT_CHARS = 4096,
	OC_WA_CAPTION_CHARS = 1024,
	OC_WA_BUTTON_TEXT_CHARS = 1024, /* of a message with buttons */
	OC_WA_BUTTONS = 3,
	OC_WA_BUTTON_TITLE_CHARS = 20,
	OC_WA_BUTTON_ID_CHARS = 256,
};
struct oc_wa_to {
	const char *chat; /* digits of a number, or the id of a group */
	bool group;
	const char *reply_to; /* id of the message that is quoted; NULL */
};
json_t *oc_wa_text_body(const struct oc_wa_to *to, struct oc_str text);

struct oc_wa_button {
	const char *id, *title; /* the title is cut to OC_WA_BUTTON_TITLE_CHARS */
};
/* n: 1 … OC_WA_BUTTONS. */
json_t *oc_wa_buttons_body(const struct oc_wa_to *to, struct oc_str text,
			   const struct oc_wa_button *v, size_t n);

/* What the platform takes a file of this type for: "image", "audio", "video", "document". Static.
 * An image or a video of another type than it shows is sent as a document. */
const char *oc_wa_media_kind(const char *mime);
/* The most that it takes of such a file, in bytes. */
size_t oc_wa_media_max(const char *kind);
/* caption and file_name: empty, NULL = none; a voice message takes no caption. */
json_t *oc_wa_media_body(const struct oc_wa_to *to, const char *kind, const char *media_id,
			 struct oc_str caption, const char *file_name);

/* emoji "" takes a reaction back. */
json_t *oc_wa_reaction_body(const struct oc_wa_to *to, const char *message_id, const char *emoji);
/* Two blue ticks for what a person wrote; typing: and "typing…" for up to 25 s. */
json_t *oc_wa_read_body(const char *message_id, bool typing);
/* A template that was approved before, with text as its only parameter (none when empty): the only
 * thing that may be sent to who did not write for 24 hours. Line ends and runs of spaces, which a
 * parameter may not hold, become single spaces; cut to OC_WA_CAPTION_CHARS. */
json_t *oc_wa_template_body(const struct oc_wa_to *to, const char *name, const char *language,
			    struct oc_str text);

/* Digits of a telephone number as the platform writes it: "+49 170 …" → "49170…". False: it is
 * none (7 to 15 digits). out holds 16 bytes. */
bool oc_wa_number(struct oc_str in, char out[16]);
#endif
