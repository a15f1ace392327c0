#ifndef OC_RECENT_KEYS_H
#define OC_RECENT_KEYS_H
#include <stdbool.h>
/* Idempotency keys of what was done a short while ago (spec 02 §2.4): the newest 1,000 of the last
 * five minutes. */
enum { OC_RECENT_KEYS = 1000, OC_RECENT_KEYS_MS = 300000 };
struct oc_recent_keys;
struct oc_recent_keys *oc_recent_keys_new(void);
void oc_recent_keys_free(struct oc_recent_keys *r); /* accepts NULL */
/* Remembers the key; false when it is remembered already. */
bool oc_recent_keys_add(struct oc_recent_keys *r, const char *key);
#endif
