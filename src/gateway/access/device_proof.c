/* What a device signs when it connects, and whether that is what it signed (spec 02 §2.3). */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/access/devices.h"
#include "net/base64.h"
#include "net/ed25519.h"
#include "net/sha256.h"

enum { MAX_TEXT = 65536 };

static const char *text_of(const json_t *obj, const char *key, const char *dflt)
{
	const char *s = oc_json_cstr(obj, key);

	return s ? s : dflt;
}

static void add_field(struct oc_buf *out, const char *text)
{
	if (out->n) oc_buf_addc(out, '|');
	oc_buf_adds(out, text);
}

static void add_scopes(struct oc_buf *out, const json_t *scopes)
{
	oc_buf_addc(out, '|');
	for (size_t i = 0; i < json_array_size(scopes); i++) {
		if (i) oc_buf_addc(out, ',');
		oc_buf_add(out, oc_json_text(json_array_get(scopes, i)));
	}
}

/* Trimmed, and A to Z alone made small: what clients do before they sign. */
static void add_folded(struct oc_buf *out, const char *text)
{
	struct oc_str s = oc_str_trim(oc_str(text));

	oc_buf_addc(out, '|');
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		oc_buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
	}
}

static const char *signed_token(const json_t *auth)
{
	const char *token = text_of(auth, "token", NULL);

	return token ? token : text_of(auth, "deviceToken", "");
}

char *oc_device_signed_text(const json_t *params, int version)
{
	const json_t *client = json_object_get(params, "client");
	const json_t *device = json_object_get(params, "device");
	struct oc_buf out;

	oc_buf_init(&out, MAX_TEXT);
	add_field(&out, version == 3 ? "v3" : "v2");
	add_field(&out, text_of(device, "id", ""));
	add_field(&out, text_of(client, "id", ""));
	add_field(&out, text_of(client, "mode", ""));
	add_field(&out, text_of(params, "role", "operator"));
	add_scopes(&out, json_object_get(params, "scopes"));
	oc_buf_addf(&out, "|%lld", (long long)oc_json_int(device, "signedAt", 0));
	add_field(&out, signed_token(json_object_get(params, "auth")));
	struct oc_str nonce = oc_str_trim(oc_str(text_of(device, "nonce", "")));
	oc_buf_addc(&out, '|');
	oc_buf_add(&out, nonce);
	if (version == 3) {
		add_folded(&out, text_of(client, "platform", ""));
		add_folded(&out, text_of(client, "deviceFamily", ""));
	}
	return oc_buf_take(&out);
}

static bool decode(const json_t *device, const char *key, uint8_t *out, size_t n)
{
	struct oc_str text = oc_json_str(device, key);

	struct oc_buf bytes;
	bool ok;

	while (text.n && text.p[text.n - 1] == '=') text.n--; /* some clients pad */
	oc_buf_init(&bytes, n);
	ok = oc_base64url_decode(text, &bytes) && bytes.n == n;
	if (ok) memcpy(out, bytes.p, n);
	oc_buf_deinit(&bytes);
	return ok;
}

static bool is_signed(const json_t *params, const uint8_t *key, const uint8_t *signature)
{
	for (int version = 3; version >= 2; version--) {
		char *text = oc_device_signed_text(params, version);
		bool ok = oc_ed25519_verify(key, oc_str(text), signature);
		oc_free_secret(text);
		if (ok) return true;
	}
	return false;
}

enum oc_device_fault oc_device_proof(const json_t *params, const char *nonce, int64_t now_ms)
{
	const json_t *device = json_object_get(params, "device");
	uint8_t key[OC_ED25519_KEY], signature[OC_ED25519_SIGNATURE];
	char id[OC_SHA256_HEX + 1];
	int64_t signed_at = oc_json_int(device, "signedAt", 0);
	struct oc_str given = oc_str_trim(oc_json_str(device, "nonce"));

	if (!decode(device, "publicKey", key, sizeof key)) return OC_DEVICE_ID_MISMATCH;
	oc_sha256_hex((struct oc_str){ (char *)key, sizeof key }, id);
	if (!oc_str_eq(oc_json_str(device, "id"), oc_str(id))) return OC_DEVICE_ID_MISMATCH;
	/* Compared without a difference, which may overflow. */
	if (signed_at < now_ms - OC_DEVICE_SKEW_MS || signed_at > now_ms + OC_DEVICE_SKEW_MS)
		return OC_DEVICE_STALE;
	if (!given.n) return OC_DEVICE_NONCE_MISSING;
	if (!oc_secret_equal(given, oc_str(nonce))) return OC_DEVICE_NONCE_MISMATCH;
	if (!decode(device, "signature", signature, sizeof signature)) return OC_DEVICE_SIGNATURE;
	return is_signed(params, key, signature) ? OC_DEVICE_OK : OC_DEVICE_SIGNATURE;
}
