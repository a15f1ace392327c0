/*
 * The identity of this machine towards a gateway (spec 02 §2.3): an Ed25519 key, made once, and a
 * signature over each connect. The private key never leaves its file, which only its owner reads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "cli/gateway/rpc_client.h"
#include "net/base64.h"
#include "net/ed25519.h"
#include "net/sha256.h"
#include "rt/file.h"

enum { MAX_FILE = 65536 };

struct key {
	uint8_t secret[OC_ED25519_KEY], open[OC_ED25519_KEY];
	char id[OC_SHA256_HEX + 1];
};

/* ---- the file ---- */

static int digit(char c)
{
	const char *hex = "0123456789abcdef", *at = c ? strchr(hex, c) : NULL;

	return at ? (int)(at - hex) : -1;
}

static bool from_hex(struct oc_str s, uint8_t *out, size_t n)
{
	if (s.n != n * 2) return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(s.p[2 * i]), low = digit(s.p[2 * i + 1]);
		if (high < 0 || low < 0) return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void complete(struct key *k)
{
	oc_ed25519_public_key(k->secret, k->open);
	oc_sha256_hex((struct oc_str){ (const char *)k->open, sizeof k->open }, k->id);
}

static enum oc_rc read_key(const char *path, struct key *k, struct oc_err *e)
{
	struct oc_buf text;
	enum oc_rc rc = oc_file_read(path, MAX_FILE, &text, e);

	if (rc) return rc;
	json_t *doc = oc_json_parse(oc_buf_view(&text), NULL, NULL);
	bool ok = from_hex(oc_json_str(doc, "privateKey"), k->secret, sizeof k->secret);
	memset(text.p, 0, text.n);
	oc_buf_deinit(&text);
	json_decref(doc);
	if (!ok)
		return oc_fail(e, OC_E_INPUT,
			       "%s holds no device key: remove it, a new one is made then", path);
	complete(k);
	return OC_OK;
}

static enum oc_rc make_key(const char *path, struct key *k, struct oc_err *e)
{
	oc_rand_secret(k->secret, sizeof k->secret);
	complete(k);
	char secret[sizeof k->secret * 2 + 1];

	oc_base16_encode((struct oc_str){ (const char *)k->secret, sizeof k->secret }, secret);
	json_t *doc =
	    json_pack("{s:i,s:s,s:s}", "version", 1, "deviceId", k->id, "privateKey", secret);
	char *text = oc_json_pretty(doc);
	enum oc_rc rc = oc_file_write(path, oc_str(text), 0600, NULL, e);

	json_decref(doc);
	oc_free_secret(text);
	explicit_bzero(secret, sizeof secret);
	return rc;
}

/* Two commands that start at once get the same key: the second waits for the first. */
static enum oc_rc load_key(const char *state_dir, struct key *k, struct oc_err *e)
{
	char *folder = oc_asprintf("%s/identity", state_dir);
	char *path = oc_asprintf("%s/openclaw-cli.json", folder);
	char *lock_path = oc_asprintf("%s/openclaw-cli.lock", folder);
	struct oc_lock lock = { .fd = -1 };
	enum oc_rc rc = read_key(path, k, e);

	if (rc == OC_E_NOT_FOUND) {
		rc = oc_mkdirs(folder, e);
		if (!rc) rc = oc_lock_take(&lock, lock_path, 5000, e);
		if (!rc && (rc = read_key(path, k, e)) == OC_E_NOT_FOUND) rc = make_key(path, k, e);
		if (lock.fd >= 0) oc_lock_release(&lock);
	}
	free(folder);
	free(path);
	free(lock_path);
	return rc;
}

/* ---- the signature ---- */

/* Trimmed, ASCII letters in lower case: as platform and deviceFamily are signed. */
static char *plain(const char *s)
{
	struct oc_str t = oc_str_trim(oc_str(s));
	char *out = oc_strndup(t.n ? t.p : "", t.n);

	for (char *c = out; *c; c++)
		if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
	return out;
}

char *oc_rpc_device_text(const struct oc_rpc_device_ask *a, const char *device_id)
{
	char *platform = plain(a->platform), *family = plain(a->family);
	char *text = oc_asprintf("v3|%s|%s|%s|%s|%s|%lld|%s|%s|%s|%s", device_id, a->client_id,
				 a->mode, a->role, a->scopes, (long long)a->signed_at_ms,
				 a->token ? a->token : "", a->nonce, platform, family);

	free(platform);
	free(family);
	return text;
}

enum oc_rc oc_rpc_device(const struct oc_rpc_device_ask *ask, json_t **out, struct oc_err *e)
{
	struct key k = { 0 };
	uint8_t signature[OC_ED25519_SIGNATURE];
	enum oc_rc rc = load_key(ask->state_dir, &k, e);

	if (rc) return oc_wrap(e, "device key");
	char *text = oc_rpc_device_text(ask, k.id);
	oc_ed25519_sign(k.secret, oc_str(text), signature);
	char *open = oc_base64url_encode((struct oc_str){ (const char *)k.open, sizeof k.open });
	char *sign =
	    oc_base64url_encode((struct oc_str){ (const char *)signature, sizeof signature });
	*out = json_pack("{s:s,s:s,s:s,s:I,s:s}", "id", k.id, "publicKey", open, "signature", sign,
			 "signedAt", (json_int_t)ask->signed_at_ms, "nonce", ask->nonce);
	oc_free_secret(text);
	free(open);
	free(sign);
	explicit_bzero(&k, sizeof k);
	return OC_OK;
}
