/* What the Cloud API is sent and what it tells. */
#include "check.h"

#include <stdlib.h>

#include "channel/media_type.h"
#include "channel/whatsapp/payload.h"
#include "channel/whatsapp/refusal.h"
#include "channel/whatsapp/request.h"
#include "channel/whatsapp/signature.h"

static void only_the_secret_signs(void **state)
{
	static const struct {
		const char *body, *header, *secret;
		bool good;
	} rows[] = {
		/* RFC 4231, test case 2 */
		{ "what do ya want for nothing?",
		  "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe",
		  true },
		{ "what do ya want for nothing!",
		  "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe",
		  false },
		{ "what do ya want for nothing?",
		  "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		  "Jefe2", false },
		{ "what do ya want for nothing?",
		  "sha1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe",
		  false },
		{ "what do ya want for nothing?",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe",
		  false },
		{ "what do ya want for nothing?", "sha256=", "Jefe", false },
		{ "what do ya want for nothing?", "", "Jefe", false },
		{ "what do ya want for nothing?", NULL, "Jefe", false },
		/* The HMAC of nothing under an empty key: no secret is no permission. */
		{ "", "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (oc_wa_signed(oc_str(rows[i].body), rows[i].header, oc_str(rows[i].secret)) !=
		    rows[i].good)
			fail_msg("row %zu", i);
}

/* ---- what comes ---- */

#define HOOK(inside)                                                                               \
	"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{"        \
	"\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"      \
	"\"display_phone_number\":\"4930\",\"phone_number_id\":\"77\"},\"contacts\":[{"            \
	"\"profile\":{\"name\":\"Ada\"},\"wa_id\":\"4917\"}]," inside "}}]}]}"
#define MESSAGE(inside)                                                                            \
	HOOK("\"messages\":[{\"from\":\"4917\",\"id\":\"wamid.A\",\"timestamp\":"                  \
	     "\"1700000000\"," inside "}]")

static void show(const struct oc_wa_message *m, struct oc_buf *out)
{
	const struct {
		const char *name, *value;
	} parts[] = {
		{ "button", m->button },  { "quotes", m->reply_to }, { "of", m->reply_from },
		{ "media", m->media_id }, { "mime", m->mime },	     { "file", m->file_name },
		{ "group", m->group },
	};

	oc_buf_addf(out, "%s: %s", m->type, m->text);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].value) oc_buf_addf(out, " %s=%s", parts[i].name, parts[i].value);
	if (m->voice) oc_buf_adds(out, " voice");
	if (m->forwarded) oc_buf_adds(out, " forwarded");
	if (m->silent) oc_buf_adds(out, " silent");
}

static void messages_of_every_kind_are_read(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ MESSAGE("\"type\":\"text\",\"text\":{\"body\":\"Hi\\nyou\"}"), "text: Hi\nyou" },
		{ MESSAGE("\"type\":\"text\",\"text\":{\"body\":\"this\"},\"context\":{\"from\":"
			  "\"4930\",\"id\":\"wamid.Q\"}"),
		  "text: this quotes=wamid.Q of=4930" },
		{ MESSAGE("\"type\":\"text\",\"text\":{\"body\":\"x\"},\"context\":{\"forwarded\":"
			  "true}"),
		  "text: x forwarded" },
		{ MESSAGE("\"type\":\"text\",\"group_id\":\"G1\",\"text\":{\"body\":\"x\"}"),
		  "text: x group=G1" },
		{ MESSAGE("\"type\":\"image\",\"image\":{\"id\":\"9\",\"mime_type\":\"image/"
			  "jpeg\",\"sha256\":\"s\",\"caption\":\"my cat\"}"),
		  "image: my cat media=9 mime=image/jpeg" },
		{ MESSAGE("\"type\":\"document\",\"document\":{\"id\":\"9\",\"mime_type\":"
			  "\"application/pdf\",\"filename\":\"a b.pdf\"}"),
		  "document:  media=9 mime=application/pdf file=a b.pdf" },
		{ MESSAGE("\"type\":\"audio\",\"audio\":{\"id\":\"9\",\"mime_type\":\"audio/"
			  "ogg;codecs=opus\",\"voice\":true}"),
		  "audio:  media=9 mime=audio/ogg;codecs=opus voice" },
		{ MESSAGE("\"type\":\"interactive\",\"interactive\":{\"type\":\"button_reply\","
			  "\"button_reply\":{\"id\":\"a:1\",\"title\":\"Allow\"}}"),
		  "interactive: Allow button=a:1" },
		{ MESSAGE("\"type\":\"button\",\"button\":{\"payload\":\"p\",\"text\":\"Yes\"}"),
		  "button: Yes button=p" },
		{ MESSAGE("\"type\":\"location\",\"location\":{\"latitude\":52.5,\"longitude\":"
			  "13.25,\"name\":\"Zoo\"}"),
		  "location: [location 52.500000, 13.250000, Zoo]" },
		{ MESSAGE("\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":"
			  "\"Bo\"},\"phones\":[{\"phone\":\"+1\"}]}]"),
		  "contacts: [contact Bo, +1]" },
		{ MESSAGE("\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.Q\","
			  "\"emoji\":\"\\ud83d\\udc4d\"}"),
		  "reaction: \xf0\x9f\x91\x8d quotes=wamid.Q silent" },
		{ MESSAGE("\"type\":\"unsupported\",\"errors\":[{\"code\":131051}]"),
		  "unsupported:  silent" },
		{ MESSAGE("\"type\":\"text\",\"text\":null"), "text: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_wa_payload p;
		struct oc_err e = { 0 };
		struct oc_buf out;

		oc_buf_init(&out, 4096);
		assert_int_equal(oc_wa_payload_parse(oc_str(rows[i].in), &p, &e), OC_OK);
		assert_int_equal(p.n_messages, 1);
		show(p.messages, &out);
		assert_string_equal(oc_buf_cstr(&out), rows[i].want);
		assert_string_equal(p.messages->number_id, "77");
		assert_string_equal(p.messages->name, "Ada");
		assert_int_equal(p.messages->at_ms, 1700000000000);
		oc_wa_payload_deinit(&p);
		oc_buf_deinit(&out);
	}
}

static void statuses_bring_what_went_wrong(void **state)
{
	struct oc_wa_payload p;

	(void)state;
	assert_int_equal(
	    oc_wa_payload_parse(
		OC_LIT(HOOK("\"statuses\":[{\"id\":\"wamid.B\",\"status\":\"failed\",\"timestamp\":"
			    "\"1700000000\",\"recipient_id\":\"4917\",\"errors\":[{\"code\":131047,"
			    "\"title\":\"Re-engagement message\"}]},{\"id\":\"wamid.C\",\"status\":"
			    "\"read\",\"recipient_id\":\"4917\"},{\"status\":\"sent\"}]")),
		&p, NULL),
	    OC_OK);
	assert_int_equal(p.n_messages, 0);
	assert_int_equal(p.n_statuses, 2);
	assert_string_equal(p.statuses[0].status, "failed");
	assert_int_equal(p.statuses[0].code, 131047);
	assert_string_equal(p.statuses[0].reason, "Re-engagement message");
	assert_string_equal(p.statuses[1].status, "read");
	assert_int_equal(p.statuses[1].code, 0);
	oc_wa_payload_deinit(&p);
}

static void what_is_not_whole_is_left_out(void **state)
{
	static const struct {
		const char *in;
		enum oc_rc rc;
	} rows[] = {
		{ "", OC_E_PROTO },
		{ "[]", OC_E_PROTO },
		{ "{\"object\":\"page\",\"entry\":[]}", OC_E_PROTO },
		{ "{\"object\":\"whatsapp_business_account\"}", OC_OK },
		{ "{\"object\":\"whatsapp_business_account\",\"entry\":{}}", OC_OK },
		{ HOOK("\"messages\":[{\"id\":\"a\"},{\"from\":\"1\"},7,null]"), OC_OK },
		/* ids become parts of keys */
		{ HOOK("\"messages\":[{\"from\":\"1\",\"id\":\"a b\",\"type\":\"text\"}]"), OC_OK },
		{ HOOK("\"messages\":[{\"from\":\"1\\u0000\",\"id\":\"a\",\"type\":\"text\"}]"),
		  OC_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_wa_payload p = { 0 };

		assert_int_equal(oc_wa_payload_parse(oc_str(rows[i].in), &p, NULL), rows[i].rc);
		assert_int_equal(p.n_messages, 0);
		if (!rows[i].rc) oc_wa_payload_deinit(&p);
	}
}

/* ---- what is sent ---- */

static void assert_body(json_t *body, const char *want)
{
	char *got = oc_json_compact(body);

	assert_string_equal(got, want);
	free(got);
	json_decref(body);
}

#define TO "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"4917\","

static void bodies_are_as_the_platform_wants_them(void **state)
{
	const struct oc_wa_to to = { .chat = "4917" },
			      reply = { .chat = "4917", .reply_to = "w.1" };
	const struct oc_wa_button buttons[] = { { "a", "Allow" },
						{ "b", "A title that is too long for it" } };

	(void)state;
	assert_body(oc_wa_text_body(&reply, OC_LIT("Hi")),
		    TO "\"type\":\"text\",\"text\":{\"preview_url\":false,\"body\":\"Hi\"},"
		       "\"context\":{\"message_id\":\"w.1\"}}");
	assert_body(oc_wa_buttons_body(&to, OC_LIT("May I?"), buttons, 2),
		    TO "\"type\":\"interactive\",\"interactive\":{\"type\":\"button\",\"body\":{"
		       "\"text\":\"May I?\"},\"action\":{\"buttons\":[{\"type\":\"reply\","
		       "\"reply\":{\"id\":\"a\",\"title\":\"Allow\"}},{\"type\":\"reply\","
		       "\"reply\":{\"id\":\"b\",\"title\":\"A title that is too \"}}]}}}");
	assert_body(oc_wa_media_body(&to, "document", "9", OC_LIT("see"), "a.pdf"),
		    TO "\"type\":\"document\",\"document\":{\"id\":\"9\",\"caption\":\"see\","
		       "\"filename\":\"a.pdf\"}}");
	assert_body(oc_wa_media_body(&to, "audio", "9", OC_LIT("see"), "a.ogg"),
		    TO "\"type\":\"audio\",\"audio\":{\"id\":\"9\"}}");
	assert_body(oc_wa_read_body("w.1", true),
		    "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":"
		    "\"w.1\",\"typing_indicator\":{\"type\":\"text\"}}");
	assert_body(oc_wa_template_body(&to, "note", "en", OC_LIT(" a\n\n b\tc ")),
		    TO "\"type\":\"template\",\"template\":{\"name\":\"note\",\"language\":{"
		       "\"code\":\"en\"},\"components\":[{\"type\":\"body\",\"parameters\":[{"
		       "\"type\":\"text\",\"text\":\"a b c\"}]}]}}");
	assert_body(oc_wa_reaction_body(&to, "w.1", ""), TO
		    "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"w.1\",\"emoji\":\"\"}}");
}

static void files_are_sent_as_what_they_are(void **state)
{
	(void)state;
	assert_string_equal(oc_wa_media_kind("image/png"), "image");
	assert_string_equal(oc_wa_media_kind("audio/ogg; codecs=opus"), "audio");
	assert_string_equal(oc_wa_media_kind("image/svg+xml"), "document");
	assert_string_equal(oc_wa_media_kind(NULL), "document");
	assert_true(oc_wa_media_max("image") < oc_wa_media_max("video"));
	assert_true(oc_wa_media_max("video") < oc_wa_media_max("document"));
}

static void types_follow_the_ending_and_back(void **state)
{
	(void)state;
	assert_string_equal(oc_media_type("a/b.JPEG"), "image/jpeg");
	assert_string_equal(oc_media_ending("image/jpeg"), ".jpg");
	assert_string_equal(oc_media_ending("application/x-unknown"), "");
	assert_string_equal(oc_media_ending(NULL), "");
	assert_null(oc_media_type("Makefile"));
	assert_null(oc_media_type("a.tar.xz"));
}

static void numbers_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "+49 (170) 123-4567", "491701234567" },
		{ "491701234567", "491701234567" },
		{ "12345", NULL },
		{ "1234567890123456", NULL },
		{ "+49 170 CALLME", NULL },
		{ "", NULL },
		{ "49+1701234567", NULL },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool ok = oc_wa_number(oc_str(rows[i].in), out);

		assert_int_equal(ok, rows[i].want != NULL);
		if (ok) assert_string_equal(out, rows[i].want);
	}
}

/* ---- what is refused ---- */

static void refusals_say_what_to_do(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum oc_wa_refusal want;
		const char *says;
	} rows[] = {
		{ 400, "{\"error\":{\"message\":\"(#131047) Re-engagement\",\"code\":131047}}",
		  OC_WA_WINDOW, "24 hours" },
		{ 400, "{\"error\":{\"message\":\"m\",\"code\":131056}}", OC_WA_SLOW_DOWN, "m" },
		{ 401, "{\"error\":{\"message\":\"Malformed access token EAAX\",\"code\":190}}",
		  OC_WA_AUTH, "token" },
		{ 400,
		  "{\"error\":{\"message\":\"m\",\"code\":100,\"error_data\":{\"details\":\"too "
		  "long\"}}}",
		  OC_WA_CONTENT, "100: too long" },
		{ 400, "{\"error\":{\"message\":\"m\",\"code\":999999}}", OC_WA_CONTENT, "999999" },
		{ 500, "{\"error\":{\"message\":\"m\",\"code\":131000}}", OC_WA_SENT_UNKNOWN, "m" },
		{ 502, "<html>", OC_WA_SENT_UNKNOWN, "did not say" },
		{ 429, "", OC_WA_SLOW_DOWN, "calls" },
		{ 404, "nope", OC_WA_CONTENT, "did not take" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_buf why;

		oc_buf_init(&why, 4096);
		assert_int_equal(oc_wa_refusal_read(rows[i].status, oc_str(rows[i].body), &why),
				 rows[i].want);
		assert_true(oc_str_has(oc_buf_view(&why), oc_str(rows[i].says)));
		assert_false(oc_str_has(oc_buf_view(&why), OC_LIT("EAAX")));
		oc_buf_deinit(&why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_secret_signs),
		cmocka_unit_test(messages_of_every_kind_are_read),
		cmocka_unit_test(statuses_bring_what_went_wrong),
		cmocka_unit_test(what_is_not_whole_is_left_out),
		cmocka_unit_test(bodies_are_as_the_platform_wants_them),
		cmocka_unit_test(files_are_sent_as_what_they_are),
		cmocka_unit_test(types_follow_the_ending_and_back),
		cmocka_unit_test(numbers_are_read_as_people_write_them),
		cmocka_unit_test(refusals_say_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
