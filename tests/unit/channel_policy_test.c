/* Who is heard, which conversation is meant, how fast we speak. */
#include "check.h"

#include "base/mem.h"
#include "channel/pace.h"
#include "channel/policy.h"
#include "channel/session_key.h"

static json_t *parse(const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

#define DIRECT	"direct"
#define MENTION "mention"
#define GROUP	"group"

static const struct {
	const char *name, *account, *how, *sender;
	bool paired;
	enum oc_verdict verdict;
	enum oc_sender_trust trust;
} cases[] = {
	{ "a stranger may ask", "{}", DIRECT, "5", false, OC_PAIR, OC_SENDER_STRANGER },
	{ "who was let in is heard", "{}", DIRECT, "5", true, OC_HEAR, OC_SENDER_ALLOWED },
	{ "a listed number", "{\"allowFrom\":[5]}", DIRECT, "5", false, OC_HEAR,
	  OC_SENDER_ALLOWED },
	{ "a listed text", "{\"allowFrom\":[\"5\"]}", DIRECT, "5", false, OC_HEAR,
	  OC_SENDER_ALLOWED },
	{ "a listed channel and text", "{\"allowFrom\":[\"telegram:5\"]}", DIRECT, "5", false,
	  OC_HEAR, OC_SENDER_ALLOWED },
	{ "a short name of the channel", "{\"allowFrom\":[\"tg:5\"]}", DIRECT, "5", false, OC_HEAR,
	  OC_SENDER_ALLOWED },
	{ "another channel's", "{\"allowFrom\":[\"whatsapp:5\"]}", DIRECT, "5", false, OC_PAIR,
	  OC_SENDER_STRANGER },
	{ "a longer number is another", "{\"allowFrom\":[\"55\"]}", DIRECT, "5", false, OC_PAIR,
	  OC_SENDER_STRANGER },
	{ "the owner", "{\"allowFrom\":[1]}", DIRECT, "1", false, OC_HEAR, OC_SENDER_OWNER },
	{ "owning is no admission", "{\"dmPolicy\":\"allowlist\"}", DIRECT, "1", false, OC_IGNORE,
	  OC_SENDER_OWNER },
	{ "allowlist knows no pairing", "{\"dmPolicy\":\"allowlist\"}", DIRECT, "5", true,
	  OC_IGNORE, OC_SENDER_STRANGER },
	{ "disabled", "{\"dmPolicy\":\"disabled\",\"allowFrom\":[5]}", DIRECT, "5", true, OC_IGNORE,
	  OC_SENDER_STRANGER },
	{ "open needs the star", "{\"dmPolicy\":\"open\"}", DIRECT, "5", false, OC_IGNORE,
	  OC_SENDER_STRANGER },
	{ "open to all", "{\"dmPolicy\":\"open\",\"allowFrom\":[\"*\"]}", DIRECT, "5", false,
	  OC_HEAR, OC_SENDER_STRANGER },
	{ "open to those listed", "{\"dmPolicy\":\"open\",\"allowFrom\":[5]}", DIRECT, "5", false,
	  OC_HEAR, OC_SENDER_ALLOWED },

	{ "a group nobody configured", "{}", MENTION, "5", false, OC_IGNORE, OC_SENDER_STRANGER },
	{ "pairing opens no group", "{}", MENTION, "5", true, OC_IGNORE, OC_SENDER_STRANGER },
	{ "a listed member who addresses", "{\"groupAllowFrom\":[5]}", MENTION, "5", false, OC_HEAR,
	  OC_SENDER_ALLOWED },
	{ "allowFrom stands for groups too", "{\"allowFrom\":[5]}", MENTION, "5", false, OC_HEAR,
	  OC_SENDER_ALLOWED },
	{ "a listed member who talks to others", "{\"groupAllowFrom\":[5]}", GROUP, "5", false,
	  OC_KEEP, OC_SENDER_ALLOWED },
	{ "a member who is not listed is background",
	  "{\"groupAllowFrom\":[6],\"groups\":{\"*\":{}}}", MENTION, "5", false, OC_KEEP,
	  OC_SENDER_STRANGER },
	{ "an open group", "{\"groupPolicy\":\"open\"}", MENTION, "5", false, OC_HEAR,
	  OC_SENDER_STRANGER },
	{ "groups are off", "{\"groupPolicy\":\"disabled\",\"groupAllowFrom\":[5]}", MENTION, "5",
	  false, OC_IGNORE, OC_SENDER_STRANGER },
	{ "another group is listed", "{\"groupPolicy\":\"open\",\"groups\":{\"-2\":{}}}", MENTION,
	  "5", false, OC_IGNORE, OC_SENDER_STRANGER },
	{ "this group is listed", "{\"groupPolicy\":\"open\",\"groups\":{\"-1\":{}}}", MENTION, "5",
	  false, OC_HEAR, OC_SENDER_STRANGER },
	{ "this group is switched off",
	  "{\"groupPolicy\":\"open\",\"groups\":{\"-1\":{\"enabled\":false}}}", MENTION, "5", false,
	  OC_IGNORE, OC_SENDER_STRANGER },
	{ "no mention is needed",
	  "{\"groupPolicy\":\"open\",\"groups\":{\"-1\":{\"requireMention\":false}}}", GROUP, "5",
	  false, OC_HEAR, OC_SENDER_STRANGER },
	{ "the topic says otherwise",
	  "{\"groupPolicy\":\"open\",\"groups\":{\"-1\":{\"requireMention\":false,\"topics\":{\"4\":"
	  "{\"requireMention\":true}}}}}",
	  GROUP, "5", false, OC_KEEP, OC_SENDER_STRANGER },
	{ "a list of the group", "{\"groupAllowFrom\":[6],\"groups\":{\"-1\":{\"allowFrom\":[5]}}}",
	  MENTION, "5", false, OC_HEAR, OC_SENDER_ALLOWED },
	{ "the owner is listed everywhere", "{\"groups\":{\"*\":{}}}", MENTION, "1", false, OC_HEAR,
	  OC_SENDER_OWNER },
};

static void everybody_is_heard_as_configured(void **state)
{
	json_t *owners = parse("[\"telegram:1\"]");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *account = parse(cases[i].account);
		const struct oc_policy_facts f = { .channel = "telegram",
						   .account = account,
						   .owners = owners,
						   .paired = cases[i].paired };
		bool direct = !strcmp(cases[i].how, DIRECT);
		const struct oc_msg_in m = {
			.chat_id = direct ? cases[i].sender : "-1",
			.thread_id = direct ? NULL : "4",
			.chat_type = direct ? OC_CHAT_DIRECT : OC_CHAT_GROUP,
			.sender_id = cases[i].sender,
			.text = OC_LIT("hello"),
			.mentions_bot = !strcmp(cases[i].how, MENTION),
		};
		struct oc_policy p = oc_policy_decide(&f, &m);

		if (p.verdict != cases[i].verdict || p.trust != cases[i].trust)
			fail_msg("%s: verdict %d, trust %d (%s)", cases[i].name, p.verdict, p.trust,
				 p.why);
		json_decref(account);
	}
	json_decref(owners);
}

static void patterns_address_the_bot(void **state)
{
	json_t *account = parse("{\"groupPolicy\":\"open\"}");
	json_t *patterns = parse("[\"^claw[,:]\", \"(odd\"]");
	const struct oc_policy_facts f = { .channel = "telegram",
					   .account = account,
					   .patterns = patterns };
	static const struct {
		const char *text;
		enum oc_verdict verdict;
	} rows[] = { { "Claw, hello", OC_HEAR },
		     { "the claw, hello", OC_KEEP },
		     { "an (odd thing", OC_HEAR } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct oc_msg_in m = { .chat_id = "-1",
					     .chat_type = OC_CHAT_GROUP,
					     .sender_id = "5",
					     .text = oc_str(rows[i].text) };

		assert_int_equal(oc_policy_decide(&f, &m).verdict, rows[i].verdict);
	}
	json_decref(account);
	json_decref(patterns);
}

static void chats_have_their_conversations(void **state)
{
	static const struct {
		const char *session, *chat, *thread, *want;
	} rows[] = {
		{ "{}", "5", NULL, "agent:main:main" },
		{ "{\"mainKey\":\"home\"}", "5", NULL, "agent:main:home" },
		{ "{\"dmScope\":\"per-peer\"}", "5", NULL, "agent:main:direct:5" },
		{ "{\"dmScope\":\"per-channel-peer\"}", "5", NULL, "agent:main:telegram:direct:5" },
		{ "{\"dmScope\":\"per-account-channel-peer\"}", "5", NULL,
		  "agent:main:telegram:work:direct:5" },
		{ "{\"dmScope\":\"per-peer\",\"identityLinks\":{\"ann\":[\"telegram:5\"]}}", "5",
		  NULL, "agent:main:direct:ann" },
		{ "{}", "-7", NULL, "agent:main:telegram:group:-7" },
		{ "{}", "-7", "4", "agent:main:telegram:group:-7:topic:4" },
		{ "{\"groupScope\":\"main\"}", "-7", NULL, "agent:main:main" },
		{ "{}", "-7 x\n", NULL, "agent:main:telegram:group:-7_x_" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *session = parse(rows[i].session);
		bool group = rows[i].chat[0] == '-';
		const struct oc_msg_in m = { .chat_id = rows[i].chat,
					     .thread_id = rows[i].thread,
					     .sender_id = "5",
					     .chat_type = group ? OC_CHAT_GROUP : OC_CHAT_DIRECT };
		char *key = oc_channel_session_key(session, "main", "telegram", "work", &m);

		assert_string_equal(key, rows[i].want);
		free(key);
		json_decref(session);
	}
}

static void a_pace_lets_no_more_through_than_it_says(void **state)
{
	struct oc_pace p = { 0 };
	uint64_t now = 1000, last[20] = { 0 };

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		now += oc_pace_delay(&p, 20, 60000, now);
		assert_int_equal(oc_pace_delay(&p, 20, 60000, now), 0);
		if (i >= 20) assert_true(now - last[i % 20] >= 60000);
		last[i % 20] = now;
		oc_pace_note(&p, now);
	}
	assert_int_equal(oc_pace_delay(&p, 0, 60000, now), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_is_heard_as_configured),
		cmocka_unit_test(patterns_address_the_bot),
		cmocka_unit_test(chats_have_their_conversations),
		cmocka_unit_test(a_pace_lets_no_more_through_than_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
