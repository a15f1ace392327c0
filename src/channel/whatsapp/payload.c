/* Webhook calls of the Cloud API, as messages and statuses. */
#include "channel/whatsapp/payload.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

/* Numbers and ids are what the platform's own grammar allows, so that they can stand in addresses
 * and keys: no control characters, no spaces, not endless. */
static const char *plain(const json_t *obj, const char *key)
{
	struct oc_str s = oc_json_str(obj, key);

	if (!s.n || s.n > OC_MAX_CHANNEL_ID_BYTES || strlen(s.p) != s.n) return NULL;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) return NULL;
	return s.p;
}

/* Seconds, as a string of digits; some calls have a number. */
static int64_t moment(const json_t *obj)
{
	int64_t seconds = oc_json_positive(obj, "timestamp");

	if (!seconds && !oc_parse_int(oc_json_str(obj, "timestamp"), 0, INT64_MAX / 1000, &seconds))
		return 0;
	return seconds <= INT64_MAX / 1000 ? seconds * 1000 : 0;
}

/* ---- what the kinds of messages say ---- */

static void add_text(const json_t *body, struct oc_wa_message *m, struct oc_buf *out)
{
	(void)m;
	oc_buf_add(out, oc_json_str(body, "body"));
}

static void add_media(const json_t *body, struct oc_wa_message *m, struct oc_buf *out)
{
	m->media_id = plain(body, "id");
	m->mime = plain(body, "mime_type");
	m->file_name = oc_json_cstr(body, "filename");
	m->voice = oc_json_bool(body, "voice", false);
	oc_buf_add(out, oc_json_str(body, "caption"));
}

static void add_button(const json_t *body, struct oc_wa_message *m, struct oc_buf *out)
{
	m->button = oc_json_cstr(body, "payload");
	oc_buf_add(out, oc_json_str(body, "text"));
}

static void add_interactive(const json_t *body, struct oc_wa_message *m, struct oc_buf *out)
{
	const json_t *reply = json_object_get(body, "button_reply");

	if (!reply) reply = json_object_get(body, "list_reply");
	m->button = oc_json_cstr(reply, "id");
	oc_buf_add(out, oc_json_str(reply, "title"));
}

static void add_location(const json_t *body, struct oc_wa_message *m, struct oc_buf *out)
{
	(void)m;
	oc_buf_addf(out, "[location %.6f, %.6f",
		    json_number_value(json_object_get(body, "latitude")),
		    json_number_value(json_object_get(body, "longitude")));
	for (size_t i = 0; i < 2; i++) {
		struct oc_str part = oc_json_str(body, i ? "address" : "name");
		if (part.n) oc_buf_addf(out, ", %.*s", OC_FMT(part));
	}
	oc_buf_addc(out, ']');
}

static void add_contacts(const json_t *list, struct oc_wa_message *m, struct oc_buf *out)
{
	const json_t *item, *phone;
	size_t i, k;

	(void)m;
	json_array_foreach (list, i, item) {
		struct oc_str name = oc_json_str(json_object_get(item, "name"), "formatted_name");

		oc_buf_addf(out, "%s[contact %.*s", i ? "\n" : "", OC_FMT(name));
		json_array_foreach (json_object_get(item, "phones"), k, phone)
			oc_buf_addf(out, ", %.*s", OC_FMT(oc_json_str(phone, "phone")));
		oc_buf_addc(out, ']');
	}
}

static void add_reaction(const json_t *body, struct oc_wa_message *m, struct oc_buf *out)
{
	m->reply_to = plain(body, "message_id");
	m->silent = true;
	oc_buf_add(out, oc_json_str(body, "emoji"));
}

static const struct kind {
	const char *type;
	void (*add)(const json_t *body, struct oc_wa_message *m, struct oc_buf *out);
} kinds[] = {
	{ "text", add_text },	      { "image", add_media },
	{ "audio", add_media },	      { "video", add_media },
	{ "document", add_media },    { "sticker", add_media },
	{ "button", add_button },     { "interactive", add_interactive },
	{ "location", add_location }, { "contacts", add_contacts },
	{ "reaction", add_reaction },
};

static const struct kind *kind_of(const char *type)
{
	for (size_t i = 0; type && i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].type, type)) return &kinds[i];
	return NULL;
}

/* ---- one message ---- */

static const char *name_of(const json_t *value, const char *from)
{
	const json_t *contact;
	size_t i;

	json_array_foreach (json_object_get(value, "contacts"), i, contact) {
		const char *id = oc_json_cstr(contact, "wa_id");
		if (id && !strcmp(id, from))
			return oc_json_cstr(json_object_get(contact, "profile"), "name");
	}
	return NULL;
}

static bool read_message(const json_t *value, const json_t *item, struct oc_wa_message *m)
{
	const json_t *context = json_object_get(item, "context");
	const json_t *ours = json_object_get(value, "metadata");
	struct oc_buf text;

	*m = (struct oc_wa_message){
		.number_id = plain(ours, "phone_number_id"),
		.to = plain(ours, "display_phone_number"),
		.id = plain(item, "id"),
		.from = plain(item, "from"),
		.group = plain(item, "group_id"),
		.type = plain(item, "type"),
		.at_ms = moment(item),
		.reply_to = plain(context, "id"),
		.reply_from = plain(context, "from"),
		.forwarded = oc_json_bool(context, "forwarded", false) ||
			     oc_json_bool(context, "frequently_forwarded", false),
	};
	if (!m->number_id || !m->id || !m->from || !m->type) return false;
	const struct kind *kind = kind_of(m->type);

	oc_buf_init(&text, OC_MAX_MESSAGE_BYTES);
	m->name = name_of(value, m->from);
	m->silent = !kind;
	if (kind) kind->add(json_object_get(item, m->type), m, &text);
	m->text = text.n ? oc_buf_take(&text) : oc_strdup("");
	oc_buf_deinit(&text);
	return true;
}

static bool read_status(const json_t *value, const json_t *item, struct oc_wa_status *s)
{
	const json_t *error = json_array_get(json_object_get(item, "errors"), 0);
	const json_t *data = json_object_get(error, "error_data");

	*s = (struct oc_wa_status){
		.number_id = plain(json_object_get(value, "metadata"), "phone_number_id"),
		.id = plain(item, "id"),
		.status = plain(item, "status"),
		.to = plain(item, "recipient_id"),
		.at_ms = moment(item),
		.code = oc_json_positive(error, "code"),
		.reason = oc_json_cstr(data, "details"),
	};
	if (!s->reason) s->reason = oc_json_cstr(error, "title");
	return s->number_id && s->id && s->status;
}

/* ---- the whole ---- */

static void read_change(const json_t *change, struct oc_wa_payload *out)
{
	const json_t *value = json_object_get(change, "value"), *item;
	struct oc_str field = oc_json_str(change, "field");
	size_t i;

	if (!oc_str_eq(field, OC_LIT("messages"))) return;
	json_array_foreach (json_object_get(value, "messages"), i, item) {
		out->messages =
		    oc_realloc_array(out->messages, out->n_messages + 1, sizeof *out->messages);
		if (read_message(value, item, &out->messages[out->n_messages])) out->n_messages++;
	}
	json_array_foreach (json_object_get(value, "statuses"), i, item) {
		out->statuses =
		    oc_realloc_array(out->statuses, out->n_statuses + 1, sizeof *out->statuses);
		if (read_status(value, item, &out->statuses[out->n_statuses])) out->n_statuses++;
	}
}

enum oc_rc oc_wa_payload_parse(struct oc_str body, struct oc_wa_payload *out, struct oc_err *e)
{
	struct oc_err why = { 0 };
	json_t *root = oc_json_parse(body, NULL, &why);
	const json_t *entry, *change;
	size_t i, k;

	if (!root) return oc_fail(e, OC_E_PROTO, "the call holds no JSON: %s", why.msg);
	if (!oc_str_eq(oc_json_str(root, "object"), OC_LIT("whatsapp_business_account"))) {
		json_decref(root);
		return oc_fail(e, OC_E_PROTO, "the call is not about a WhatsApp account");
	}
	*out = (struct oc_wa_payload){ .root = root };
	json_array_foreach (json_object_get(root, "entry"), i, entry) {
		json_array_foreach (json_object_get(entry, "changes"), k, change)
			read_change(change, out);
	}
	return OC_OK;
}

void oc_wa_payload_deinit(struct oc_wa_payload *p)
{
	for (size_t i = 0; i < p->n_messages; i++) free(p->messages[i].text);
	free(p->messages);
	free(p->statuses);
	json_decref(p->root);
	*p = (struct oc_wa_payload){ 0 };
}
