/*
 * What the agent is told of messages: their text, what they answer, what a group said before, and
 * files, which are kept in the workspace. What strangers wrote is marked as foreign text (spec 03
 * §6.1).
 */
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include "agent/run/settings.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "channel/internal.h"
#include "channel/media_type.h"
#include "net/base64.h"
#include "rt/file.h"

enum { HISTORY = 50, QUOTE_CHARS = 300 };

void oc_composed_deinit(struct oc_composed *c)
{
	for (size_t i = 0; i < c->n_images; i++) {
		free((char *)(uintptr_t)c->images[i].mime);
		free((char *)(uintptr_t)c->images[i].base64);
		free((char *)(uintptr_t)c->images[i].name);
	}
	free(c->images);
	free(c->background);
	oc_buf_deinit(&c->text);
	*c = (struct oc_composed){ 0 };
}

static const char *name_of(const struct oc_msg_in *m)
{
	if (m->sender_name && *m->sender_name) return m->sender_name;
	return m->sender_username ? m->sender_username : m->sender_id ? m->sender_id : "somebody";
}

static void add_foreign(struct oc_composed *c, const char *where, struct oc_str text)
{
	struct oc_tool_result marked;

	oc_tool_result_init(&marked);
	oc_buf_add(&marked.text, text);
	marked.untrusted = where;
	oc_tool_result_mark(&marked);
	oc_buf_add(&c->text, oc_buf_view(&marked.text));
	oc_buf_addc(&c->text, '\n');
	oc_tool_result_deinit(&marked);
}

/* ---- files ---- */

/* A name that a stranger chose, as a file may be called. */
static void add_file_name(struct oc_buf *out, const char *name)
{
	size_t n = 0;

	for (; name && *name && n < 80; name++) {
		unsigned char ch = (unsigned char)*name;

		if (*name == '.' && !n) continue;
		oc_buf_addc(out, isalnum(ch) || strchr(".-_", *name) || ch >= 0x80 ? *name : '_');
		n++;
	}
	if (!n) oc_buf_adds(out, "file");
}

static char *relative_path(int64_t nr, size_t i, const char *kind, const char *name,
			   const char *mime)
{
	struct oc_buf b;

	oc_buf_init(&b, 512);
	oc_buf_addf(&b, "inbox/%lld-%zu-", (long long)nr, i);
	if (name && *name)
		add_file_name(&b, name);
	else
		oc_buf_addf(&b, "%s%s", kind, oc_media_ending(mime));
	return oc_buf_take(&b);
}

/* A file that came, on its way to the disk and to the model. */
struct arrival {
	const char *path; /* absolute */
	struct oc_str bytes;
	bool encode;
	char *base64; /* NULL = not wanted */
	enum oc_rc rc;
	struct oc_err e;
};

static void keep_file(void *arg)
{
	struct arrival *f = arg;

	if (f->encode) f->base64 = oc_base64_encode(f->bytes);
	f->rc = oc_file_write(f->path, f->bytes, 0600, NULL, &f->e);
}

static void add_image(struct oc_composed *c, const char *mime, char *base64, const char *name)
{
	c->images = oc_realloc_array(c->images, c->n_images + 1, sizeof *c->images);
	c->images[c->n_images++] = (struct oc_ask_image){
		.mime = oc_strdup(mime),
		.base64 = base64,
		.name = oc_strdup(name),
	};
}

/* The path below the workspace as an absolute one; free with free(). */
static enum oc_rc in_workspace(struct oc_in_lane *l, const char *relative, char **out,
			       struct oc_err *e)
{
	struct oc_snapshot *s = oc_channels_snapshot(l->owner);
	struct oc_agent_settings settings;
	enum oc_rc rc = oc_agent_settings_init(&settings, &s->config, "main", e);

	if (!rc) {
		*out = oc_asprintf("%s/%s", settings.workspace, relative);
		oc_agent_settings_deinit(&settings);
	}
	oc_snapshot_unref(s);
	return rc;
}

static enum oc_rc save_wait(struct oc_in_lane *l, const char *relative, struct oc_str bytes,
			    bool encode, char **base64, struct oc_err *e)
{
	struct arrival f = { .bytes = bytes, .encode = encode };
	char *path = NULL;
	enum oc_rc rc = in_workspace(l, relative, &path, e);

	if (rc) return rc;
	f.path = path;
	oc_work_wait(keep_file, &f);
	free(path);
	*base64 = f.base64;
	if (f.rc) *e = f.e;
	return f.rc;
}

static bool is_picture(const struct oc_channel_media *m, const char *mime)
{
	return !strcmp(m->kind, "image") && mime && oc_str_starts(oc_str(mime), OC_LIT("image/"));
}

static enum oc_rc fetch_wait(struct oc_in_lane *l, const struct oc_channel_media *m,
			     struct oc_buf *bytes, char **mime, char **name, struct oc_err *e)
{
	const struct oc_channel *channel = l->account->pub.channel;

	if (!channel->fetch_wait)
		return oc_fail(e, OC_E_INPUT, "%s gives no files", channel->label);
	if (m->bytes > (int64_t)bytes->max)
		return oc_fail(e, OC_E_LIMIT, "it is larger than %zu MB", bytes->max >> 20);
	return channel->fetch_wait(&l->account->pub, m->ref, bytes, mime, name, e);
}

static size_t most_bytes(const struct oc_in_lane *l)
{
	int64_t mb = oc_json_positive(l->account->pub.config, "mediaMaxMb");
	int64_t most = l->account->pub.channel->limits.media_in_bytes;

	if (!most || most > OC_MAX_IMAGE_BYTES) most = OC_MAX_IMAGE_BYTES;
	return (size_t)(mb && mb < (most >> 20) ? mb << 20 : most);
}

static enum oc_rc add_media_wait(struct oc_in_lane *l, const struct oc_inbox_item *item, size_t i,
				 const struct oc_channel_media *m, struct oc_composed *c)
{
	char *mime = m->mime ? oc_strdup(m->mime) : NULL, *name = NULL, *path = NULL;
	char *base64 = NULL;
	bool shown;
	struct oc_buf bytes;
	struct oc_err e = { 0 };
	enum oc_rc rc;

	oc_buf_init(&bytes, most_bytes(l));
	rc = fetch_wait(l, m, &bytes, &mime, &name, &e);
	path = relative_path(item->nr, i, m->kind, m->name ? m->name : name, mime);
	shown = is_picture(m, mime) && bytes.n <= OC_MAX_ATTACHED_IMAGE_BYTES;
	if (!rc) rc = save_wait(l, path, oc_buf_view(&bytes), shown, &base64, &e);
	if (base64) add_image(c, mime, base64, path);
	if (rc == OC_CANCELLED) {
		/* Another time. */
	} else if (rc) {
		oc_buf_addf(&c->text, "[%s that could not be fetched: %s]\n", m->kind, e.msg);
	} else {
		oc_buf_addf(&c->text, "[%s in the workspace: %s, %zu bytes%s%s]\n", m->kind, path,
			    bytes.n, mime ? ", " : "", mime ? mime : "");
	}
	oc_buf_deinit(&bytes);
	free(mime);
	free(name);
	free(path);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- texts ---- */

static void add_quote(const struct oc_msg_in *m, struct oc_composed *c)
{
	struct oc_str quote = oc_str(m->reply_excerpt);
	struct oc_buf line;

	if (!quote.n) return;
	oc_buf_init(&line, 4096);
	oc_buf_addf(&line, "[in reply to %s: %.*s%s]",
		    m->reply_sender ? m->reply_sender : "a message",
		    (int)oc_utf8_floor(quote.p, quote.n < QUOTE_CHARS ? quote.n : QUOTE_CHARS),
		    quote.p, quote.n > QUOTE_CHARS ? "…" : "");
	if (m->chat_type == OC_CHAT_GROUP && !m->is_reply_to_bot) {
		add_foreign(c, "quoted message", oc_buf_view(&line));
		c->tainted = true;
	} else {
		oc_buf_add(&c->text, oc_buf_view(&line));
		oc_buf_addc(&c->text, '\n');
	}
	oc_buf_deinit(&line);
}

/* foreign gets what a stranger wrote. */
static enum oc_rc add_item_wait(struct oc_in_lane *l, const struct oc_batch *b, size_t i,
				struct oc_composed *c, struct oc_buf *foreign)
{
	struct oc_buf *to = b->trust == OC_SENDER_STRANGER ? foreign : &c->text;
	struct oc_channel_media *media;
	struct oc_msg_in m;
	struct oc_str text;
	enum oc_rc rc = OC_OK;

	oc_msg_in_of_json(b->items[i].body, &m, &media);
	text = b->text ? oc_str(b->text) : m.text;
	add_quote(&m, c);
	for (size_t k = 0; k < m.n_media && !rc; k++)
		rc = add_media_wait(l, &b->items[i], k, &media[k], c);
	if (text.n) {
		if (to == foreign && to->n) oc_buf_addc(to, '\n');
		oc_buf_add(to, text);
		if (to != foreign) oc_buf_addc(to, '\n');
	}
	free(media);
	return rc;
}

static size_t history_limit(const struct oc_in_lane *l, const struct oc_msg_in *m)
{
	struct oc_snapshot *s = oc_channels_snapshot(l->owner);
	const struct oc_policy_facts f = { .channel = l->name.channel,
					   .account = l->account->pub.config };
	int64_t configured =
	    oc_json_int(oc_config_get(&s->config, "messages.groupChat"), "historyLimit", HISTORY);

	oc_snapshot_unref(s);
	return oc_policy_history(&f, m, configured);
}

static void add_background(struct oc_in_lane *l, const struct oc_inbox_items *kept,
			   struct oc_composed *c)
{
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_ATTACHED_TEXT_BYTES);
	oc_buf_adds(&text, "Said in the group before:\n");
	for (size_t i = 0; i < kept->n; i++) {
		struct oc_channel_media *media;
		struct oc_msg_in m;

		oc_msg_in_of_json(kept->v[i].body, &m, &media);
		oc_buf_addf(&text, "%s: %.*s%s\n", name_of(&m), OC_FMT(m.text),
			    m.n_media ? " [with a file]" : "");
		if (oc_in_lane_trust(l, &m) == OC_SENDER_STRANGER) c->tainted = true;
		free(media);
	}
	add_foreign(c, "group", oc_buf_view(&text));
	oc_buf_deinit(&text);
}

static enum oc_rc add_history_wait(struct oc_in_lane *l, const struct oc_batch *b,
				   struct oc_composed *c, struct oc_err *e)
{
	size_t limit = history_limit(l, b->first);
	struct oc_inbox_items kept = { 0 };
	enum oc_rc rc;

	if (!limit) return OC_OK;
	rc = oc_store_inbox_kept_wait(l->owner->spec.store, &l->name, limit, &kept, e);
	if (!rc && kept.n) add_background(l, &kept, c);
	if (kept.n) c->background = oc_realloc_array(NULL, kept.n, sizeof *c->background);
	for (; c->n_background < kept.n; c->n_background++)
		c->background[c->n_background] = kept.v[c->n_background].nr;
	oc_inbox_items_deinit(&kept);
	return rc;
}

enum oc_rc oc_batch_compose_wait(struct oc_in_lane *l, const struct oc_batch *b,
				 struct oc_composed *out, struct oc_err *e)
{
	struct oc_buf foreign;
	enum oc_rc rc;

	*out = (struct oc_composed){ 0 };
	oc_buf_init(&out->text, OC_MAX_MESSAGE_BYTES);
	oc_buf_init(&foreign, OC_MAX_MESSAGE_BYTES);
	rc = add_history_wait(l, b, out, e);
	for (size_t i = 0; i < b->n && !rc; i++) rc = add_item_wait(l, b, i, out, &foreign);
	if (foreign.n) {
		add_foreign(out, "message of a stranger", oc_buf_view(&foreign));
		out->tainted = true;
	}
	oc_buf_deinit(&foreign);
	while (out->text.n && out->text.p[out->text.n - 1] == '\n') out->text.p[--out->text.n] = 0;
	return rc;
}
