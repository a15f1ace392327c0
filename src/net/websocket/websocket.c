/*
 * A WebSocket over a socket of ours: frames in and out, answers to pings, the close handshake.
 * Nothing here parks but the functions that say so.
 */
#include "net/websocket/websocket.h"

#include <assert.h>
#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/utf8.h"
#include "net/websocket/ws_connection.h"
#include "net/websocket/ws_frames.h"
#include "rt/later.h"
#include "rt/poll.h"

enum {
	READ_BYTES = 65536,
	KEPT_OUT_BYTES = 65536,
	GATHERED_BYTES = 16384, /* of small messages, sent together */
	LINGER_MS = 1000,	/* that a close frame is given after oc_ws_free */
	MAX_PARTS = 8,
	OP_TEXT = 1,
	OP_CLOSE = 8,
	OP_PING = 9,
	OP_PONG = 10,
	ABNORMAL = 1006,
};

struct oc_ws {
	int fd;
	struct oc_poll *poll;
	bool server;
	struct oc_ws_in *in;
	struct oc_buf rx; /* read, maybe not yet used up by in */
	char *given;	  /* the message that was received last */
	bool has_message, text;
	struct oc_str message; /* when has_message: lies in in */
	struct oc_buf out;     /* not yet taken by the kernel, from out_at on */
	size_t out_at;
	struct oc_later flush; /* at the end of the loop's turn */
	size_t frame_left;     /* of out: the rest of a frame whose begin was taken */
	enum oc_rc end;	       /* what receives return from now on */
	bool close_sent, close_received, freed;
	unsigned close_code;
	char close_reason[OC_MAX_CLOSE_REASON_BYTES + 1];
	struct oc_wait *receiver, *lingerer;
	struct oc_timer *timer; /* keep-alive; after free: the end of lingering */
	uint64_t interval_ms;
	bool heard; /* something came since the last ping */
};

static size_t backlog_total;

static void on_socket(void *arg, int fd, int events);
static void pump(struct oc_ws *w);

void oc_ws_accept(const char *key, char out[OC_WS_ACCEPT + 1])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, strlen(key), (const uint8_t *)key);
	sha1_update(&ctx, sizeof guid - 1, (const uint8_t *)guid);
	sha1_digest(&ctx, sizeof digest, digest);
	base64_encode_raw(out, sizeof digest, digest);
	out[OC_WS_ACCEPT] = '\0';
}

/* ---- ends ---- */

static bool is_over(const struct oc_ws *w)
{
	return w->fd < 0 || (w->close_sent && w->close_received && !oc_ws_backlog(w));
}

static void wake(struct oc_ws *w)
{
	if (w->receiver && (w->has_message || w->end)) oc_wait_end(w->receiver, OC_OK);
	if (w->lingerer && is_over(w)) oc_wait_end(w->lingerer, OC_OK);
}

static void forget_backlog(struct oc_ws *w)
{
	backlog_total -= oc_ws_backlog(w);
	oc_buf_deinit(&w->out);
	w->out_at = w->frame_left = 0;
}

static void hang_up(struct oc_ws *w)
{
	if (w->fd < 0) return;
	oc_later_cancel(&w->flush);
	oc_poll_free(w->poll);
	close(w->fd);
	w->poll = NULL;
	w->fd = -1;
	forget_backlog(w);
	if (!w->close_code) w->close_code = ABNORMAL;
	if (!w->end) w->end = OC_E_SYS;
	wake(w);
}

static void note_close(struct oc_ws *w, unsigned code, struct oc_str reason)
{
	if (w->close_code) return;
	size_t n = reason.n > OC_MAX_CLOSE_REASON_BYTES
		       ? oc_utf8_floor(reason.p, OC_MAX_CLOSE_REASON_BYTES)
		       : reason.n;
	w->close_code = code;
	snprintf(w->close_reason, sizeof w->close_reason, "%.*s", (int)n, reason.p);
}

/* ---- out ---- */

size_t oc_ws_backlog(const struct oc_ws *w)
{
	return w->out.n - w->out_at;
}

size_t oc_ws_backlog_total(void)
{
	return backlog_total;
}

void oc_ws_drop_backlog(struct oc_ws *w)
{
	struct oc_str cut = { w->out.p + w->out_at, w->frame_left };
	struct oc_buf kept;

	oc_buf_init(&kept, w->out.max);
	if (cut.n) oc_buf_add(&kept, cut);
	backlog_total -= oc_ws_backlog(w) - cut.n;
	oc_buf_deinit(&w->out);
	w->out = kept;
	w->out_at = 0;
}

static void watch(struct oc_ws *w)
{
	if (w->fd < 0) return;
	bool read = !w->has_message && !(w->close_received && w->close_sent && !w->freed);
	bool write = oc_ws_backlog(w) && !w->flush.waits;
	oc_poll_set(w->poll, (read ? OC_POLL_READ : OC_POLL_ERROR) | (write ? OC_POLL_WRITE : 0));
}

/* n bytes of what waits are about to go: where does the frame end that is cut by that? */
static void note_frames(struct oc_ws *w, size_t n)
{
	size_t at = w->out_at;

	while (n > w->frame_left) {
		at += w->frame_left;
		n -= w->frame_left;
		w->frame_left = oc_ws_frame_length(w->out.p + at);
	}
	w->frame_left -= n;
}

static void took(struct oc_ws *w, size_t n)
{
	note_frames(w, n);
	w->out_at += n;
	backlog_total -= n;
	if (w->out_at < w->out.n) {
		if (w->out_at < KEPT_OUT_BYTES || w->out_at < w->out.n / 2) return;
		oc_buf_drop(&w->out, w->out_at);
	} else if (w->out.cap > KEPT_OUT_BYTES) {
		oc_buf_deinit(&w->out);
	} else {
		oc_buf_clear(&w->out);
	}
	w->out_at = 0;
}

static size_t send_some(struct oc_ws *w, struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t sent;

	do sent = sendmsg(w->fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) hang_up(w);
	return sent > 0 ? (size_t)sent : 0;
}

static void flush(struct oc_ws *w)
{
	while (w->fd >= 0 && oc_ws_backlog(w)) {
		struct iovec iov = { w->out.p + w->out_at, oc_ws_backlog(w) };
		size_t n = send_some(w, &iov, 1);
		if (!n) break;
		took(w, n);
	}
	wake(w);
}

static void keep(struct oc_ws *w, struct oc_str bytes)
{
	oc_buf_add(&w->out, bytes);
	backlog_total += bytes.n;
}

static void flush_later(void *arg)
{
	struct oc_ws *w = arg;

	flush(w);
	watch(w);
}

/* What is small goes out with whatever else comes of this turn of the loop. */
static bool gather(struct oc_ws *w, const struct oc_str *parts, size_t n)
{
	bool full = oc_ws_backlog(w) && !w->flush.waits; /* the socket, not our patience */
	size_t size = 0;

	for (size_t i = 0; i < n; i++) size += parts[i].n;
	if (!full && oc_ws_backlog(w) + size > GATHERED_BYTES) return false;
	for (size_t i = 0; i < n; i++) keep(w, parts[i]);
	if (!full) oc_later(&w->flush);
	return true;
}

/* Before anything is sent directly. */
static void flush_gathered(struct oc_ws *w)
{
	if (!w->flush.waits) return;
	oc_later_cancel(&w->flush);
	flush(w);
}

/* Server side: header and parts go to the kernel from where they lie. */
static void send_plain(struct oc_ws *w, const struct oc_str *parts, size_t n)
{
	struct iovec iov[MAX_PARTS];
	size_t sent = 0;

	if (gather(w, parts, n)) return;
	flush_gathered(w);
	if (n <= MAX_PARTS && w->fd >= 0 && !oc_ws_backlog(w)) {
		for (size_t i = 0; i < n; i++) /* only read from, which the type cannot say */
			iov[i] = (struct iovec){ (void *)(uintptr_t)parts[i].p, parts[i].n };
		sent = send_some(w, iov, n);
	}
	bool cut = sent > 0 && w->fd >= 0;
	size_t before = w->out.n;
	for (size_t i = 0; i < n && w->fd >= 0; i++) {
		keep(w, oc_str_from(parts[i], sent));
		sent -= sent < parts[i].n ? sent : parts[i].n;
	}
	if (cut) w->frame_left = w->out.n - before;
}

/* Client side: what goes out is another text than what came in. */
static void send_masked(struct oc_ws *w, const struct oc_str *parts, size_t n,
			const unsigned char mask[4])
{
	size_t at = 0;

	keep(w, parts[0]);
	for (size_t i = 1; i < n; i++) {
		size_t begin = w->out.n;
		keep(w, parts[i]);
		for (size_t k = begin; k < w->out.n; k++) w->out.p[k] ^= (char)mask[at++ & 3];
	}
	flush(w);
}

/* parts[0] is left free for the header. */
static void send_frame(struct oc_ws *w, unsigned opcode, struct oc_str *parts, size_t n)
{
	unsigned char header[OC_WS_HEADER_MAX], mask[4];
	uint64_t random = w->server ? 0 : oc_rand_u64(), size = 0;

	if (w->fd < 0 || w->close_sent) return;
	memcpy(mask, &random, sizeof mask);
	for (size_t i = 1; i < n; i++) size += parts[i].n;
	parts[0].p = (const char *)header;
	parts[0].n = oc_ws_header(header, opcode, size, w->server ? NULL : mask);
	if (w->server)
		send_plain(w, parts, n);
	else
		send_masked(w, parts, n, mask);
	watch(w);
}

void oc_ws_send(struct oc_ws *w, struct oc_str text)
{
	struct oc_str parts[] = { { 0 }, text };

	send_frame(w, OP_TEXT, parts, 2);
}

void oc_ws_send_parts(struct oc_ws *w, const struct oc_str *parts, size_t n)
{
	struct oc_str *all = oc_realloc_array(NULL, n + 1, sizeof *all);

	memcpy(all + 1, parts, n * sizeof *all);
	send_frame(w, OP_TEXT, all, n + 1);
	free(all);
}

void oc_ws_flush(struct oc_ws *w)
{
	flush_gathered(w);
	watch(w);
}

static void send_control(struct oc_ws *w, unsigned opcode, struct oc_str payload)
{
	struct oc_str parts[] = { { 0 }, payload };

	send_frame(w, opcode, parts, 2);
}

static void send_close(struct oc_ws *w, unsigned code, struct oc_str reason)
{
	unsigned char payload[2 + OC_MAX_CLOSE_REASON_BYTES] = { (unsigned char)(code >> 8),
								 (unsigned char)code };
	size_t n = oc_str_head(reason, OC_MAX_CLOSE_REASON_BYTES).n;

	if (n < reason.n) n = oc_utf8_floor(reason.p, n);
	memcpy(payload + 2, reason.p, n);
	/* No code is answered by no code. */
	struct oc_str all = { (char *)payload, oc_ws_code_is_valid(code) ? n + 2 : 0 };
	send_control(w, OP_CLOSE, all);
	w->close_sent = true;
	flush_gathered(w);
	watch(w);
}

void oc_ws_close(struct oc_ws *w, unsigned code, const char *reason)
{
	if (w->close_sent || w->fd < 0) return;
	note_close(w, code, oc_str(reason ? reason : ""));
	send_close(w, code, oc_str(reason ? reason : ""));
	if (!w->end) w->end = OC_EOF;
	w->has_message = false;
	pump(w);
	watch(w);
	wake(w);
}

/* ---- in ---- */

static void peer_closes(struct oc_ws *w)
{
	unsigned code = oc_ws_in_code(w->in);
	struct oc_str reason = oc_ws_in_bytes(w->in);

	w->close_received = true;
	note_close(w, code, reason);
	if (!w->close_sent) send_close(w, code, OC_LIT(""));
	if (!w->end) w->end = OC_EOF;
}

static void peer_errs(struct oc_ws *w)
{
	unsigned code = oc_ws_in_code(w->in);
	struct oc_str reason = oc_ws_in_bytes(w->in);

	note_close(w, code, reason);
	if (!w->close_sent) send_close(w, code, reason);
	if (!w->end) w->end = code == 1009 ? OC_E_LIMIT : OC_E_PROTO;
}

static void take_message(struct oc_ws *w, bool text)
{
	if (w->end) { /* we closed: what still comes is not wanted */
		free(oc_ws_in_take(w->in));
		return;
	}
	w->has_message = true;
	w->text = text;
	w->message = oc_ws_in_bytes(w->in);
}

/* Works off what was read, up to the next message. */
static void pump(struct oc_ws *w)
{
	while (!w->has_message) {
		switch (oc_ws_in_next(w->in)) {
		case OC_WS_MORE: oc_buf_deinit(&w->rx); return;
		case OC_WS_TEXT: take_message(w, true); break;
		case OC_WS_BINARY: take_message(w, false); break;
		case OC_WS_PING: send_control(w, OP_PONG, oc_ws_in_bytes(w->in)); break;
		case OC_WS_PONG: break;
		case OC_WS_CLOSE: peer_closes(w); break;
		case OC_WS_BAD: peer_errs(w); break;
		}
	}
}

static void feed(struct oc_ws *w, struct oc_str bytes)
{
	w->heard = true;
	oc_buf_clear(&w->rx);
	oc_buf_add(&w->rx, bytes);
	oc_ws_in_feed(w->in, oc_buf_view(&w->rx));
	pump(w);
}

static void read_some(struct oc_ws *w)
{
	static char bytes[READ_BYTES]; /* one thread, used up before anything else runs */
	ssize_t n = recv(w->fd, bytes, sizeof bytes, 0);

	if (n > 0)
		feed(w, (struct oc_str){ bytes, (size_t)n });
	else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		hang_up(w);
}

static void destroy(struct oc_ws *w)
{
	hang_up(w);
	oc_timer_free(w->timer);
	oc_ws_in_free(w->in);
	oc_buf_deinit(&w->rx);
	oc_buf_deinit(&w->out);
	free(w->given);
	free(w);
}

static void on_socket(void *arg, int fd, int events)
{
	struct oc_ws *w = arg;

	(void)fd;
	if (events & OC_POLL_WRITE) flush(w);
	if (w->fd >= 0 && (events & OC_POLL_READ || events == 0)) {
		if (w->has_message)
			hang_up(w); /* broken while nobody reads */
		else
			read_some(w);
	}
	watch(w);
	wake(w);
	if (w->freed && w->fd >= 0 && w->close_received && !oc_ws_backlog(w)) hang_up(w);
	if (w->freed && w->fd < 0) destroy(w);
}

struct oc_ws *oc_ws_new(int fd, bool server, size_t max_message, struct oc_str early)
{
	struct oc_ws *w = oc_new(struct oc_ws);

	w->fd = fd;
	w->server = server;
	w->flush = (struct oc_later){ .fn = flush_later, .arg = w };
	w->poll = oc_poll_new(fd, on_socket, w);
	if (!w->poll) {
		close(fd);
		free(w);
		return NULL;
	}
	w->in = oc_ws_in_new(server, max_message);
	oc_buf_init(&w->rx, READ_BYTES * 4);
	oc_buf_init(&w->out, SIZE_MAX - 1);
	feed(w, early);
	watch(w);
	return w;
}

/* ---- receiving ---- */

static void hand_over(struct oc_ws *w, struct oc_ws_message *out)
{
	out->bytes.n = w->message.n;
	out->bytes.p = w->given = oc_ws_in_take(w->in);
	out->text = w->text;
	w->has_message = false;
	pump(w); /* the next one, or a ping that waits behind this one */
	watch(w);
}

enum oc_rc oc_ws_receive_wait(struct oc_ws *w, struct oc_deadline d, struct oc_ws_message *out)
{
	enum oc_rc rc = OC_OK;

	free(w->given);
	w->given = NULL;
	while (!rc && !w->has_message && !w->end) {
		struct oc_wait wait = { 0 };

		assert(!w->receiver);
		w->receiver = &wait;
		rc = oc_wait_park(&wait, d);
		w->receiver = NULL;
	}
	if (rc) return rc;
	if (!w->has_message) return w->end;
	hand_over(w, out);
	return OC_OK;
}

void oc_ws_set_max_message(struct oc_ws *w, size_t max_bytes)
{
	oc_ws_in_set_max(w->in, max_bytes);
}

/* ---- clocks ---- */

static void on_timer(void *arg)
{
	struct oc_ws *w = arg;

	if (w->freed) {
		destroy(w);
		return;
	}
	/* While a message waits to be received we do not listen, so silence means nothing. */
	if (!w->heard && !w->has_message) {
		hang_up(w);
		return;
	}
	w->heard = false;
	send_control(w, OP_PING, OC_LIT(""));
	oc_timer_start(w->timer, w->interval_ms);
}

void oc_ws_keep_alive(struct oc_ws *w, uint64_t interval_ms)
{
	if (!w->timer) w->timer = oc_timer_new(on_timer, w);
	w->interval_ms = interval_ms;
	w->heard = true;
	on_timer(w);
}

unsigned oc_ws_close_code(const struct oc_ws *w)
{
	return w->close_code;
}

const char *oc_ws_close_reason(const struct oc_ws *w)
{
	return w->close_reason;
}

void oc_ws_linger_wait(struct oc_ws *w, struct oc_deadline d)
{
	struct oc_wait wait = { 0 };

	if (is_over(w)) return;
	w->lingerer = &wait;
	enum oc_rc rc = oc_wait_park(&wait, d);
	w->lingerer = NULL;
	(void)rc; /* whatever ended it, the caller frees w next */
}

void oc_ws_free(struct oc_ws *w)
{
	if (!w) return;
	if (w->fd < 0 || !w->close_sent || w->close_received) {
		destroy(w);
		return;
	}
	/* Closing with unread bytes resets the connection, and the close frame is lost. So they are
	 * read and thrown away until the peer has closed. */
	w->freed = true;
	w->has_message = false;
	if (!w->timer) w->timer = oc_timer_new(on_timer, w);
	oc_timer_start(w->timer, LINGER_MS);
	pump(w);
	watch(w);
}
