/*
 * Takes events over from messengers: on disk, each in the lane that it belongs to. What cannot wait
 * (buttons, /stop, /approve) has a lane of its own beside that of its chat.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/internal.h"

static const char urgent_mark[] = "!";

/* ---- what cannot wait ---- */

static const char *const urgent_commands[] = { "/stop",	 "/abort",  "/approve", "/status",
					       "/queue", "/whoami", "/help",	"/tasks",
					       "/usage", "/context" };

struct oc_str oc_first_word(struct oc_str text)
{
	size_t n = 0;

	text = oc_str_trim(text);
	while (n < text.n && !oc_is_space(text.p[n]) && text.p[n] != ':') n++;
	return oc_str_head(text, n);
}

bool oc_is_stop_word(struct oc_str text)
{
	text = oc_str_trim(text);
	return oc_str_ieq(text, OC_LIT("stop")) || oc_str_ieq(text, OC_LIT("stop.")) ||
	       oc_str_ieq(text, OC_LIT("stop!"));
}

static bool is_urgent(const struct oc_msg_in *m)
{
	struct oc_str word = oc_first_word(m->text);

	if (m->kind == OC_IN_BUTTON) return true;
	if (m->kind != OC_IN_MESSAGE) return false;
	for (size_t i = 0; i < sizeof urgent_commands / sizeof *urgent_commands; i++)
		if (oc_str_ieq(word, oc_str(urgent_commands[i]))) return true;
	return oc_is_stop_word(m->text);
}

bool oc_lane_is_urgent(const char *lane)
{
	size_t n = strlen(lane);

	return n && lane[n - 1] == urgent_mark[0];
}

/* ---- taking in ---- */

static struct oc_inbox_item item_of(const struct oc_channel_account *a, const struct oc_msg_in *m)
{
	char *lane = oc_lane_name(m->chat_id, m->thread_id);
	struct oc_inbox_item i = {
		.channel = oc_strdup(a->channel->id),
		.account = oc_strdup(a->id),
		.event = oc_strdup(m->event_id),
		.lane = is_urgent(m) ? oc_asprintf("%s%s", lane, urgent_mark) : oc_strdup(lane),
		.state = oc_strdup("new"),
		.body = oc_msg_in_json(m),
		.received_ms = oc_wall_ms(),
	};

	free(lane);
	return i;
}

enum oc_rc oc_channel_inbound_many_wait(struct oc_channel_account *a, const struct oc_msg_in *v,
					size_t n, struct oc_err *e)
{
	struct oc_inbox_items l = { 0 };
	enum oc_rc rc;

	l.v = n ? oc_realloc_array(NULL, n, sizeof *l.v) : NULL;
	for (; l.n < n; l.n++) l.v[l.n] = item_of(a, &v[l.n]);
	rc = oc_store_inbox_add_wait(a->owner->spec.store, l.v, l.n, e);
	if (!rc && n) a->heard_ms = oc_wall_ms();
	for (size_t i = 0; i < l.n && !rc; i++)
		if (l.v[i].nr) oc_in_lane_wake(a->owner, a->channel->id, a->id, l.v[i].lane);
	oc_inbox_items_deinit(&l);
	return rc;
}

enum oc_rc oc_channel_inbound_wait(struct oc_channel_account *a, const struct oc_msg_in *msg,
				   struct oc_err *e)
{
	return oc_channel_inbound_many_wait(a, msg, 1, e);
}
