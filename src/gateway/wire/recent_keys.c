/* A ring of keys; the oldest makes room. */
#include "gateway/wire/recent_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/task.h"

struct recent_key {
	char *key;
	uint64_t at_ms;
};
struct oc_recent_keys {
	struct recent_key v[OC_RECENT_KEYS];
	size_t next;
};

struct oc_recent_keys *oc_recent_keys_new(void)
{
	return oc_new(struct oc_recent_keys);
}

void oc_recent_keys_free(struct oc_recent_keys *r)
{
	for (size_t i = 0; r && i < OC_RECENT_KEYS; i++) free(r->v[i].key);
	free(r);
}

bool oc_recent_keys_add(struct oc_recent_keys *r, const char *key)
{
	uint64_t now = oc_now_ms();

	for (size_t i = 0; i < OC_RECENT_KEYS; i++)
		if (r->v[i].key && now - r->v[i].at_ms < OC_RECENT_KEYS_MS &&
		    !strcmp(r->v[i].key, key))
			return false;
	free(r->v[r->next].key);
	r->v[r->next] = (struct recent_key){ oc_strdup(key), now };
	r->next = (r->next + 1) % OC_RECENT_KEYS;
	return true;
}
