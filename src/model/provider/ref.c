/* Model references as text: "provider/model@profile" (spec 01 §8.1). Pure. */
#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/provider/select.h"

static size_t digits(struct oc_str s)
{
	size_t n = 0;

	while (n < s.n && isdigit((unsigned char)s.p[n])) n++;
	return n;
}

/* "@q4_k_m", "@4bit", "@20250101" name a build of the model, not a profile. */
static bool is_build_tag(struct oc_str s)
{
	static const char *const names[] = { "f16",  "f32", "bf16",  "fp16",
					     "fp32", "fp8", "mxfp4", "nvfp4" };
	struct oc_str quant = s;
	size_t n = digits(s);

	if (n == 8 && n == s.n) return true;
	if (n > 0 && oc_str_ieq(oc_str_from(s, n), OC_LIT("bit"))) return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (oc_str_ieq(s, oc_str(names[i]))) return true;
	if (oc_str_istarts(quant, OC_LIT("i"))) quant = oc_str_from(quant, 1);
	return oc_str_istarts(quant, OC_LIT("q")) && digits(oc_str_from(quant, 1)) > 0;
}

static size_t last_of(struct oc_str s, char c)
{
	size_t i = s.n;

	while (i > 0 && s.p[i - 1] != c) i--;
	return i ? i - 1 : SIZE_MAX;
}

static void split_profile(struct oc_str *text, struct oc_str *profile)
{
	size_t at = last_of(*text, '@'), slash = last_of(*text, '/');

	*profile = (struct oc_str){ 0 };
	if (at == SIZE_MAX || at == 0 || at + 1 == text->n) return;
	if (slash != SIZE_MAX && at < slash) return;
	struct oc_str suffix = oc_str_from(*text, at + 1);
	if (is_build_tag(suffix)) return;
	*profile = suffix;
	*text = oc_str_trim(oc_str_head(*text, at));
}

static bool has_control(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F) return true;
	return false;
}

static char *lower(struct oc_str s)
{
	char *out = oc_strndup(s.p, s.n);

	for (char *p = out; *p; p++) *p = (char)tolower((unsigned char)*p);
	return out;
}

enum oc_rc oc_ref_parse(struct oc_str text, struct oc_ref *out, struct oc_err *e)
{
	struct oc_str t = oc_str_trim(text), profile, provider, model;

	if (t.n == 0) return oc_fail(e, OC_E_INPUT, "the model reference is empty");
	if (has_control(t))
		return oc_fail(e, OC_E_INPUT, "the model reference holds a control character");
	split_profile(&t, &profile);
	size_t slash = oc_str_find(t, OC_LIT("/"), 0);
	provider = slash == SIZE_MAX ? (struct oc_str){ 0 } : oc_str_trim(oc_str_head(t, slash));
	model = slash == SIZE_MAX ? t : oc_str_trim(oc_str_from(t, slash + 1));
	if (model.n == 0 || (slash != SIZE_MAX && provider.n == 0))
		return oc_fail(e, OC_E_INPUT,
			       "\"%.*s\" is no model reference: write provider/model",
			       OC_FMT(oc_str_head(text, 200)));
	*out = (struct oc_ref){
		.provider = slash == SIZE_MAX ? NULL : lower(provider),
		.model = oc_strndup(model.p, model.n),
		.profile = profile.n ? oc_strndup(profile.p, profile.n) : NULL,
	};
	return OC_OK;
}

void oc_ref_deinit(struct oc_ref *r)
{
	free(r->provider);
	free(r->model);
	free(r->profile);
	*r = (struct oc_ref){ 0 };
}

char *oc_ref_key(const char *provider, const char *model)
{
	size_t n = strlen(provider);

	if (!strncmp(provider, model, n) && model[n] == '/') return oc_strdup(model);
	return oc_asprintf("%s/%s", provider, model);
}
