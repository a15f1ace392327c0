/* Errors of the Cloud API. */
#include "channel/whatsapp/refusal.h"

#include "base/visible.h"
#include "json/json.h"

enum { WORDS_SHOWN = 240 };

static const struct row {
	int64_t from, to; /* codes, both included */
	enum oc_wa_refusal means;
	const char *says;
} rows[] = {
	{ 0, 0, OC_WA_AUTH, "the access token was refused: make a new one" },
	{ 1, 2, OC_WA_SENT_UNKNOWN, "WhatsApp has trouble of its own" },
	{ 3, 3, OC_WA_AUTH, "the access token may not do this" },
	{ 4, 4, OC_WA_SLOW_DOWN, "too many calls" },
	{ 10, 10, OC_WA_AUTH, "the access token may not send for this number" },
	{ 33, 33, OC_WA_AUTH, "the phone number id does not exist" },
	{ 100, 100, OC_WA_CONTENT, "WhatsApp did not understand the message" },
	{ 190, 190, OC_WA_AUTH, "the access token has expired: make a new one" },
	{ 200, 299, OC_WA_AUTH, "the access token may not send for this number" },
	{ 368, 368, OC_WA_AUTH, "the account is restricted for breaking a policy" },
	{ 80007, 80007, OC_WA_SLOW_DOWN, "too many messages of this account" },
	{ 130429, 130429, OC_WA_SLOW_DOWN, "too many messages at once" },
	{ 130472, 130472, OC_WA_RECIPIENT, "WhatsApp chose not to deliver it" },
	{ 131000, 131000, OC_WA_SENT_UNKNOWN, "WhatsApp has trouble of its own" },
	{ 131005, 131005, OC_WA_AUTH, "the access token may not do this" },
	{ 131008, 131009, OC_WA_CONTENT, "WhatsApp did not take a value of the message" },
	{ 131016, 131016, OC_WA_SENT_UNKNOWN, "WhatsApp is not available" },
	{ 131021, 131021, OC_WA_RECIPIENT, "the number is that of the sender" },
	{ 131026, 131026, OC_WA_RECIPIENT, "the number cannot be reached by WhatsApp" },
	{ 131030, 131030, OC_WA_RECIPIENT,
	  "the number is not on the list of the test account: add it there" },
	{ 131031, 131031, OC_WA_AUTH, "the account is locked" },
	{ 131042, 131042, OC_WA_AUTH, "the account has a problem with its payment" },
	{ 131045, 131045, OC_WA_AUTH, "the number is not registered" },
	{ 131047, 131047, OC_WA_WINDOW,
	  "the person did not write within the last 24 hours, so WhatsApp takes only approved "
	  "templates: wait for a message, or name one in channels.whatsapp-cloud.template" },
	{ 131048, 131048, OC_WA_SLOW_DOWN, "too many people blocked or reported this number" },
	{ 131049, 131050, OC_WA_RECIPIENT, "WhatsApp chose not to deliver it" },
	{ 131051, 131051, OC_WA_CONTENT, "WhatsApp does not take this kind of message" },
	{ 131052, 131053, OC_WA_CONTENT, "WhatsApp did not take the file" },
	{ 131056, 131056, OC_WA_SLOW_DOWN, "too many messages to this person at once" },
	{ 132000, 132999, OC_WA_CONTENT, "WhatsApp did not take the template" },
	{ 133000, 133999, OC_WA_AUTH, "the number is not registered" },
};

static const struct row *row_of(int64_t code)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (code >= rows[i].from && code <= rows[i].to) return &rows[i];
	return NULL;
}

static struct row row_of_status(int status)
{
	if (status == 401 || status == 403)
		return (struct row){ .means = OC_WA_AUTH, .says = "the access token was refused" };
	if (status == 429)
		return (struct row){ .means = OC_WA_SLOW_DOWN, .says = "too many calls" };
	if (status >= 400 && status < 500)
		return (struct row){ .means = OC_WA_CONTENT,
				     .says = "WhatsApp did not take the message" };
	return (struct row){ .means = OC_WA_SENT_UNKNOWN,
			     .says = "WhatsApp did not say what became of it" };
}

static enum oc_wa_refusal tell(struct row row, int64_t code, struct oc_str words,
			       struct oc_buf *why)
{
	/* "Malformed access token EAA…": what is said about a token may repeat it. */
	if (row.means == OC_WA_AUTH) words = OC_LIT("");
	oc_buf_adds(why, row.says);
	if (code || words.n) oc_buf_adds(why, " (");
	if (code) oc_buf_addf(why, "%lld%s", (long long)code, words.n ? ": " : "");
	oc_visible_add(why, words, WORDS_SHOWN);
	if (code || words.n) oc_buf_addc(why, ')');
	return row.means;
}

enum oc_wa_refusal oc_wa_refusal_of_code(int64_t code, const char *words, struct oc_buf *why)
{
	const struct row *row = row_of(code);
	const struct row unknown = { .means = OC_WA_CONTENT,
				     .says = "WhatsApp did not deliver the message" };

	return tell(row && code ? *row : unknown, code, oc_str(words), why);
}

enum oc_wa_refusal oc_wa_refusal_read(int status, struct oc_str body, struct oc_buf *why)
{
	json_t *root = oc_json_parse(body, NULL, NULL);
	const json_t *error = json_object_get(root, "error");
	const json_t *code = json_object_get(error, "code");
	const struct row *row = json_is_integer(code) ? row_of(json_integer_value(code)) : NULL;
	struct oc_str words = oc_json_str(json_object_get(error, "error_data"), "details");

	if (!words.n) words = oc_json_str(error, "message");
	/* A refusal with a code that is not in the table is one all the same, by its status. */
	enum oc_wa_refusal means =
	    tell(row ? *row : row_of_status(status),
		 json_is_integer(code) ? json_integer_value(code) : 0, words, why);

	json_decref(root);
	return means;
}
