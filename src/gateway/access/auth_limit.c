/* Failed attempts per address: a small table, the oldest entry makes room. */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/access/auth.h"

enum { ENTRIES = 256, ADDRESS = 48 };

struct entry {
	char address[ADDRESS];
	uint64_t first_ms, last_ms, locked_until_ms;
	unsigned failures; /* since first_ms */
};
struct oc_auth_limit {
	struct entry v[ENTRIES];
	size_t n;
};

struct oc_auth_limit *oc_auth_limit_new(void)
{
	return oc_new(struct oc_auth_limit);
}

void oc_auth_limit_free(struct oc_auth_limit *l)
{
	free(l);
}

static uint64_t ms_or(const json_t *o, const char *key, uint64_t dflt)
{
	int64_t v = oc_json_positive(o, key);

	return v ? (uint64_t)v : dflt;
}

struct oc_auth_limit_config oc_auth_limit_configured(const struct oc_config *c)
{
	const json_t *o = oc_config_get(c, "gateway.auth.rateLimit");
	uint64_t attempts = ms_or(o, "maxAttempts", 10);

	return (struct oc_auth_limit_config){
		.max_attempts = attempts < 1000000 ? (unsigned)attempts : 1000000,
		.window_ms = ms_or(o, "windowMs", 60000),
		.lockout_ms = ms_or(o, "lockoutMs", 300000),
		.exempt_loopback = oc_json_bool(o, "exemptLoopback", true),
	};
}

static struct entry *find(const struct oc_auth_limit *l, const char *address)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].address, address)) return (struct entry *)(uintptr_t)&l->v[i];
	return NULL;
}

static struct entry *make(struct oc_auth_limit *l, const char *address)
{
	struct entry *e = &l->v[0];

	if (l->n < ENTRIES)
		e = &l->v[l->n++];
	else
		for (size_t i = 1; i < ENTRIES; i++)
			if (l->v[i].last_ms < e->last_ms) e = &l->v[i];
	*e = (struct entry){ 0 };
	size_t n = strlen(address);
	memcpy(e->address, address, n < ADDRESS ? n : ADDRESS - 1);
	return e;
}

uint64_t oc_auth_limit_locked(const struct oc_auth_limit *l, const char *address, uint64_t now_ms)
{
	const struct entry *e = find(l, address);

	return e && e->locked_until_ms > now_ms ? e->locked_until_ms - now_ms : 0;
}

void oc_auth_limit_fail(struct oc_auth_limit *l, const struct oc_auth_limit_config *c,
			const char *address, uint64_t now_ms)
{
	struct entry *e = find(l, address);

	if (!e) e = make(l, address);
	if (!e->failures || now_ms - e->first_ms > c->window_ms) {
		e->first_ms = now_ms;
		e->failures = 0;
	}
	e->last_ms = now_ms;
	if (++e->failures < c->max_attempts) return;
	e->locked_until_ms = now_ms + c->lockout_ms;
	e->failures = 0;
}

void oc_auth_limit_forget(struct oc_auth_limit *l, const char *address)
{
	struct entry *e = find(l, address);

	if (e) *e = l->v[--l->n];
}
