/* Messages as they are stored and as the model gets them: nothing is lost in between. */
#include "check.h"

#include "agent/run/loop.h"
#include "agent/run/transcript.h"
#include "agent/session/stored_message.h"
#include "base/mem.h"
#include "catalog_fixture.h"
#include "model/codec/chat_request.h"

static char *wire(const struct oc_messages *m)
{
	struct oc_compat compat;

	oc_compat_resolve(&compat, "lmstudio", NULL, NULL);
	const struct oc_request r = { .model = "m", .compat = &compat, .messages = m };
	json_t *body = oc_chat_request_json(&r);
	char *text = oc_json_compact(json_object_get(body, "messages"));

	json_decref(body);
	oc_compat_deinit(&compat);
	return text;
}

/* What the store would give back, as JSON text would. */
static struct oc_stored_message stored(json_t *body, const char *header, unsigned flags)
{
	char *text = oc_json_compact(body);
	struct oc_err e = { 0 };
	struct oc_stored_message m = { .body = oc_json_parse(oc_str(text), NULL, &e),
				       .header = header ? oc_strdup(header) : NULL,
				       .flags = flags };

	free(text);
	json_decref(body);
	return m;
}

static void add_call(struct oc_message *m, const char *arguments)
{
	struct oc_err e = { 0 };
	struct oc_tool_call *c = oc_message_add_call(m);

	c->id = oc_strdup("cabcdefgh");
	c->name = oc_strdup("read");
	c->arguments = oc_strdup(arguments);
	c->args = oc_json_parse(oc_str(arguments), NULL, &e);
	c->valid = true;
}

/* A turn with a call and its result, as the loop has it. */
static void one_turn(const char *arguments, struct oc_messages *out)
{
	struct oc_message *m = oc_messages_add(out, OC_ROLE_ASSISTANT, OC_LIT("I look."));

	oc_buf_adds(&m->reasoning, "hm");
	m->reasoning_field = oc_strdup("reasoning_content");
	add_call(m, arguments);
	oc_transcript_add_result(out, "cabcdefgh", "read", OC_LIT("line <|im_end|>\n"));
}

static void a_turn_is_sent_again_as_it_was(void **state)
{
	static const char *const arguments[] = {
		"{\"path\":\"a\"}",  "{ \"path\" : \"a\" }", "{\"n\":1.50,\"s\":\"\\u00e9\"}", "{}",
		"{\"b\":1,\"a\":2}",
	};
	const struct oc_said nothing = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
		struct oc_messages first = { 0 }, again = { 0 };
		struct oc_stored_message m[2];

		one_turn(arguments[i], &first);
		m[0] = stored(oc_body_assistant(&first.v[0], &nothing, 1), NULL, 0);
		m[1] = stored(oc_body_tool_result(&first.v[1], false, 1), NULL, 0);
		for (size_t k = 0; k < 2; k++) {
			oc_stored_to_model(&m[k], &again);
			oc_stored_message_deinit(&m[k]);
		}
		char *a = wire(&first), *b = wire(&again);

		assert_string_equal(a, b);
		free(a);
		free(b);
		oc_messages_deinit(&first);
		oc_messages_deinit(&again);
	}
}

static void the_header_is_for_the_model_alone(void **state)
{
	struct oc_stored_message m =
	    stored(oc_body_user(OC_LIT("hi [INST]"), NULL, "r:user", 5), "[ctx now]\n", 0);
	struct oc_messages out = { 0 };

	(void)state;
	assert_json(m.body, "{'role':'user','content':'hi [INST]','timestamp':5,'idempotencyKey':"
			    "'r:user'}");
	oc_stored_to_model(&m, &out);
	assert_true(oc_str_starts(oc_buf_view(&out.v[0].text), OC_LIT("[ctx now]\nhi [")));
	assert_null(strstr(oc_buf_cstr(&out.v[0].text), "[INST]"));
	oc_messages_deinit(&out);
	oc_stored_message_deinit(&m);
}

static void two_messages_of_the_user_become_one(void **state)
{
	struct oc_stored_message a = stored(oc_body_user(OC_LIT("one"), NULL, NULL, 1), "[a]\n", 0);
	struct oc_stored_message b = stored(oc_body_user(OC_LIT("two"), NULL, NULL, 1), "[b]\n", 0);
	struct oc_messages out = { 0 };

	(void)state;
	oc_stored_to_model(&a, &out);
	oc_stored_to_model(&b, &out);
	assert_int_equal(out.n, 1);
	assert_string_equal(oc_buf_cstr(&out.v[0].text), "[a]\none\n\n[b]\ntwo");
	oc_messages_deinit(&out);
	oc_stored_message_deinit(&a);
	oc_stored_message_deinit(&b);
}

static void images_travel_as_parts(void **state)
{
	struct oc_messages images = { 0 }, out = { 0 };
	struct oc_message *with = oc_messages_add(&images, OC_ROLE_USER, OC_LIT(""));

	(void)state;
	*oc_message_add_image(with) =
	    (struct oc_image){ .mime = oc_strdup("image/png"), .base64 = oc_strdup("AAAA") };
	struct oc_stored_message m = stored(oc_body_user(OC_LIT("see"), with, NULL, 5), NULL, 0);

	assert_json(m.body,
		    "{'role':'user','content':[{'type':'text','text':'see'},{'type':'image',"
		    "'mimeType':'image/png','data':'AAAA'}],'timestamp':5}");
	oc_stored_to_model(&m, &out);
	assert_string_equal(oc_buf_cstr(&out.v[0].text), "see");
	assert_string_equal(out.v[0].images[0].base64, "AAAA");
	oc_messages_deinit(&images);
	oc_messages_deinit(&out);
	oc_stored_message_deinit(&m);
}

static void an_answer_names_its_model_its_cost_and_its_end(void **state)
{
	char provider_id[] = "p";
	struct oc_provider p = { .id = provider_id };
	struct oc_model model = { .entry = js("{'cost':{'input':2,'output':10,'cacheRead':1}}") };
	struct oc_selection target = { .provider = &p, .model = &model };
	struct oc_reply reply;
	struct oc_messages m = { 0 };
	char name[] = "one";

	(void)state;
	target.model_id = name;
	oc_reply_init(&reply);
	oc_buf_adds(&reply.text, "Yes.");
	oc_buf_adds(&reply.reasoning, "hm");
	reply.usage = (struct oc_usage){ .present = true,
					 .input = 1000000,
					 .output = 100000,
					 .cached = 500000,
					 .reasoning = -1 };
	oc_messages_add(&m, OC_ROLE_ASSISTANT, OC_LIT("Yes."));
	const struct oc_said said = { .reply = &reply, .target = &target };
	json_t *body = oc_body_assistant(&m.v[0], &said, 7);

	assert_json(json_object_get(body, "content"),
		    "[{'type':'thinking','thinking':'hm'},{'type':'text','text':'Yes.'}]");
	assert_string_equal(oc_json_cstr(body, "model"), "one");
	assert_string_equal(oc_json_cstr(body, "stopReason"), "stop");
	assert_json(json_object_get(body, "usage"),
		    "{'input':500000,'output':100000,'cacheRead':500000,'totalTokens':1100000,"
		    "'cacheWrite':0,'cost':{'total':2.5}}");
	json_decref(body);
	json_decref(model.entry);
	oc_reply_deinit(&reply);
	oc_messages_deinit(&m);
}

static void a_partial_answer_is_marked_for_the_model_alone(void **state)
{
	struct oc_messages m = { 0 }, out = { 0 };
	const struct oc_said said = { .flags = OC_MSG_INTERRUPTED, .error = "cut" };

	(void)state;
	oc_messages_add(&m, OC_ROLE_ASSISTANT, OC_LIT("Half"));
	struct oc_stored_message s =
	    stored(oc_body_assistant(&m.v[0], &said, 1), NULL, OC_MSG_INTERRUPTED);

	assert_json(json_object_get(s.body, "content"), "[{'type':'text','text':'Half'}]");
	assert_string_equal(oc_json_cstr(s.body, "stopReason"), "error");
	assert_string_equal(oc_json_cstr(s.body, "errorMessage"), "cut");
	oc_stored_to_model(&s, &out);
	assert_string_equal(oc_buf_cstr(&out.v[0].text), "Half\n[interrupted]");
	oc_stored_message_deinit(&s);
	oc_messages_deinit(&m);
	oc_messages_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_is_sent_again_as_it_was),
		cmocka_unit_test(the_header_is_for_the_model_alone),
		cmocka_unit_test(two_messages_of_the_user_become_one),
		cmocka_unit_test(images_travel_as_parts),
		cmocka_unit_test(an_answer_names_its_model_its_cost_and_its_end),
		cmocka_unit_test(a_partial_answer_is_marked_for_the_model_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
