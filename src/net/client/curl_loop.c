#include "net/client/curl_loop.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "rt/exit.h"
#include "rt/poll.h"

struct transfer {
	struct transfer *next;
	CURL *easy;
	oc_curl_done_fn *fn;
	void *arg;
};

static struct {
	CURLM *multi;
	struct oc_timer *timer;
	struct transfer *transfers;
} net;

static void collect_done(void)
{
	CURLMsg *m;
	int left;

	while ((m = oc_curl()->multi_info_read(net.multi, &left))) {
		if (m->msg != CURLMSG_DONE) continue;
		for (struct transfer *t = net.transfers; t; t = t->next) {
			if (t->easy != m->easy_handle || !t->fn) continue;
			oc_curl_done_fn *fn = t->fn;
			t->fn = NULL;
			fn(t->arg, m->data.result);
			break;
		}
	}
}

static void on_socket_event(void *arg, int fd, int events)
{
	int running;
	int mask = (events & OC_POLL_READ ? CURL_CSELECT_IN : 0) |
		   (events & OC_POLL_WRITE ? CURL_CSELECT_OUT : 0);

	(void)arg;
	/* 0 after an error of the descriptor: libcurl looks itself. Told CURL_CSELECT_ERR it would
	 * fail at once, and what had arrived before a reset would be lost. */
	oc_curl()->multi_socket_action(net.multi, fd, mask, &running);
	collect_done();
}

static void on_timer(void *arg)
{
	int running;

	(void)arg;
	oc_curl()->multi_socket_action(net.multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect_done();
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct oc_poll *p = socket_arg;

	(void)easy, (void)arg;
	if (what == CURL_POLL_REMOVE) {
		oc_poll_free(p);
		oc_curl()->multi_assign(net.multi, fd, NULL);
		return 0;
	}
	if (!p) {
		p = oc_poll_new(fd, on_socket_event, NULL);
		if (!p) return -1;
		oc_curl()->multi_assign(net.multi, fd, p);
	}
	oc_poll_set(p, (what & CURL_POLL_IN ? OC_POLL_READ : 0) |
			   (what & CURL_POLL_OUT ? OC_POLL_WRITE : 0));
	return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	(void)multi, (void)arg;
	if (timeout_ms < 0)
		oc_timer_stop(net.timer);
	else
		oc_timer_start(net.timer, (uint64_t)timeout_ms);
	return 0;
}

static void net_end(void)
{
	oc_curl()->multi_cleanup(net.multi);
	oc_timer_free(net.timer);
	net.multi = NULL;
	net.timer = NULL;
	oc_curl()->global_cleanup();
}

static void net_begin(void)
{
	if (net.multi) return;
	oc_curl()->global_init(CURL_GLOBAL_DEFAULT);
	net.multi = oc_curl()->multi_init();
	if (!net.multi) {
		fprintf(stderr, "openclaw: libcurl cannot start\n");
		abort();
	}
	net.timer = oc_timer_new(on_timer, NULL);
	oc_curl()->multi_setopt(net.multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	oc_curl()->multi_setopt(net.multi, CURLMOPT_TIMERFUNCTION, set_timer);
	oc_rt_on_exit(net_end);
}

CURL *oc_curl_easy_new(void)
{
	net_begin();
	CURL *easy = oc_curl()->easy_init();
	if (!easy) {
		fprintf(stderr, "openclaw: libcurl cannot make a handle\n");
		abort();
	}
	return easy;
}

void oc_curl_start(CURL *easy, oc_curl_done_fn *fn, void *arg)
{
	struct transfer *t = oc_new(struct transfer);

	*t = (struct transfer){ net.transfers, easy, fn, arg };
	net.transfers = t;
	oc_curl()->multi_add_handle(net.multi, easy);
}

void oc_curl_stop(CURL *easy)
{
	for (struct transfer **at = &net.transfers; *at; at = &(*at)->next) {
		struct transfer *t = *at;
		if (t->easy != easy) continue;
		*at = t->next;
		free(t);
		oc_curl()->multi_remove_handle(net.multi, easy);
		break;
	}
	oc_curl()->easy_cleanup(easy);
}
