#include "check.h"

#include <stdlib.h>

#include "net/client/redirects.h"

static struct oc_url url(const char *text)
{
	struct oc_url u;
	struct oc_err e = { 0 };

	if (oc_url_parse(oc_str(text), &u, &e)) fail_msg("%s: %s", text, e.msg);
	return u;
}

static void endpoints_have_their_class(void **state)
{
	static const struct {
		const char *base;
		enum oc_endpoint_class class;
		bool local, openai;
	} cases[] = {
		{ "http://localhost:1234/v1", OC_ENDPOINT_LOCAL, true, false },
		{ "http://a.b.localhost/", OC_ENDPOINT_LOCAL, true, false },
		{ "http://127.0.0.1/", OC_ENDPOINT_LOCAL, true, false },
		{ "http://127.1/", OC_ENDPOINT_LOCAL, true, false },
		{ "http://[::1]/", OC_ENDPOINT_LOCAL, true, false },
		{ "http://gpu.local/", OC_ENDPOINT_LOCAL, true, false },
		{ "http://host.docker.internal/", OC_ENDPOINT_LOCAL, true, false },
		{ "http://127.0.0.2/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://0.0.0.0/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://[::]/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://[::ffff:192.168.0.1]/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://192.168.1.20/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://100.64.0.9/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://[fd00::1]/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://gpu-box/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://local/", OC_ENDPOINT_CUSTOM, true, false },
		{ "http://gpu.lan/", OC_ENDPOINT_CUSTOM, false, false },
		{ "http://notlocalhost.example/", OC_ENDPOINT_CUSTOM, false, false },
		{ "http://localhost.example/", OC_ENDPOINT_CUSTOM, false, false },
		{ "http://xlocal.notinternal/", OC_ENDPOINT_CUSTOM, false, false },
		{ "http://8.8.8.8/", OC_ENDPOINT_CUSTOM, false, false },
		{ "http://[2001:db8::1]/", OC_ENDPOINT_CUSTOM, false, false },
		{ "https://api.openai.com/v1", OC_ENDPOINT_NATIVE, false, true },
		{ "https://eu.api.openai.com/v1", OC_ENDPOINT_NATIVE, false, true },
		{ "http://api.openai.com/v1", OC_ENDPOINT_NATIVE, false, false },
		{ "https://api.openai.com.evil.example/", OC_ENDPOINT_CUSTOM, false, false },
		{ "https://xapi.openai.com/", OC_ENDPOINT_CUSTOM, false, false },
		{ "https://api.anthropic.com", OC_ENDPOINT_NATIVE, false, false },
		{ "https://openrouter.ai/api/v1", OC_ENDPOINT_NATIVE, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_url u = url(cases[i].base);

		if (oc_endpoint_class(&u) != cases[i].class ||
		    oc_host_is_local(&u) != cases[i].local ||
		    oc_url_is_openai(&u) != cases[i].openai)
			fail_msg("%s: class %d, local %d, openai %d", cases[i].base,
				 oc_endpoint_class(&u), oc_host_is_local(&u), oc_url_is_openai(&u));
		oc_url_deinit(&u);
	}
}

static enum oc_rc check_host(const char *base, enum oc_tri allow, const char *request,
			     struct oc_err *e)
{
	struct oc_guard g;
	struct oc_url u = url(request);

	assert_int_equal(oc_guard_init(&g, oc_str(base), allow, e), OC_OK);
	enum oc_rc rc = oc_guard_check_host(&g, &u, e);
	oc_url_deinit(&u);
	oc_guard_deinit(&g);
	return rc;
}

static void hosts_are_refused_before_they_are_resolved(void **state)
{
	static const struct {
		const char *base, *request;
		enum oc_tri allow;
		bool denied;
	} cases[] = {
		{ "http://gpu.lan/", "http://localhost/", OC_UNSET, true },
		{ "http://gpu.lan/", "http://localhost.localdomain/", OC_UNSET, true },
		{ "http://gpu.lan/", "http://x.localhost/", OC_UNSET, true },
		{ "http://gpu.lan/", "http://x.local/", OC_UNSET, true },
		{ "http://gpu.lan/", "http://x.internal./", OC_UNSET, true },
		{ "http://gpu.lan/", "http://metadata.google.internal/", OC_UNSET, true },
		{ "http://gpu.lan/", "http://metadata.google.internal/", OC_TRUE, false },
		{ "http://gpu.lan/", "http://10.0.0.1/", OC_UNSET, true },
		{ "http://gpu.lan/", "http://10.0.0.1/", OC_TRUE, false },
		{ "http://gpu.lan/", "http://[::ffff:10.0.0.1]/", OC_UNSET, true },
		{ "http://gpu.lan/", "http://8.8.8.8/", OC_UNSET, false },
		{ "http://gpu.lan/", "http://other.lan/", OC_UNSET, false },
		{ "http://gpu.local/", "http://gpu.local/x", OC_UNSET, false },
		{ "http://gpu.local/", "http://gpu.local/x", OC_FALSE, true },
		{ "http://gpu.local/", "http://gpu.local:81/x", OC_UNSET, true },
		{ "http://[::]:1/", "http://[::]:1/", OC_UNSET, false },
		{ "http://[fe80::1]/", "http://[fe80::1]/", OC_UNSET, true },
		{ "http://[ff02::1]/", "http://[ff02::1]/", OC_UNSET, true },
		{ "http://[64:ff9b:1::1]/", "http://[64:ff9b:1::1]/", OC_UNSET, true },
		{ "http://168.63.129.16/", "http://168.63.129.16/", OC_UNSET, true },
		{ "http://x.instance-data.internal/", "http://x.instance-data.internal/", OC_UNSET,
		  true },
		{ "http://instance-data2.internal/", "http://instance-data2.internal/", OC_UNSET,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		enum oc_rc rc = check_host(cases[i].base, cases[i].allow, cases[i].request, &e);

		if (rc != (cases[i].denied ? OC_E_DENIED : OC_OK))
			fail_msg("%s -> %s: %d", cases[i].base, cases[i].request, rc);
	}
}

static void one_bad_answer_blocks_and_good_ones_are_sorted(void **state)
{
	struct oc_guard g;
	struct oc_err e = { 0 };
	const char *in[] = { "fd00::1", "10.0.0.2", "2606:4700::1", "10.0.0.1" };
	const char *want[] = { "10.0.0.2", "10.0.0.1", "fd00::1", "2606:4700::1" };
	struct oc_ip addr[5];
	char text[OC_IP_TEXT];

	(void)state;
	assert_int_equal(oc_guard_init(&g, OC_LIT("http://gpu.lan/"), OC_UNSET, &e), OC_OK);
	for (size_t i = 0; i < 4; i++) assert_true(oc_ip_parse(oc_str(in[i]), &addr[i]));
	assert_int_equal(oc_guard_check_addrs(&g, &g.base, addr, 4, &e), OC_OK);
	for (size_t i = 0; i < 4; i++) {
		oc_ip_format(&addr[i], text);
		assert_string_equal(text, want[i]);
	}
	assert_true(oc_ip_parse(OC_LIT("169.254.169.254"), &addr[4]));
	assert_int_equal(oc_guard_check_addrs(&g, &g.base, addr, 5, &e), OC_E_DENIED);
	assert_int_equal(oc_guard_check_addrs(&g, &g.base, addr, 0, &e), OC_E_UPSTREAM);
	g.allow_private = OC_TRUE;
	assert_int_equal(oc_guard_check_addrs(&g, &g.base, addr, 5, &e), OC_OK);
	oc_guard_deinit(&g);
}

static void a_refusal_gives_a_hint_but_no_address(void **state)
{
	struct oc_guard g;
	struct oc_err e = { 0 };
	struct oc_ip addr;

	(void)state;
	assert_int_equal(oc_guard_init(&g, OC_LIT("https://api.openai.com/v1"), OC_UNSET, &e),
			 OC_OK);
	g.provider_id = "openai";
	assert_true(oc_ip_parse(OC_LIT("10.0.0.1"), &addr));
	assert_int_equal(oc_guard_check_addrs(&g, &g.base, &addr, 1, &e), OC_E_DENIED);
	assert_null(strstr(e.msg, "10.0.0.1"));
	assert_non_null(strstr(e.msg, "resolves to a private/internal/special-use address"));
	assert_non_null(strstr(e.msg, "models.providers.openai.request.allowPrivateNetwork: true"));
	g.allow_private = OC_FALSE;
	assert_int_equal(oc_guard_check_addrs(&g, &g.base, &addr, 1, &e), OC_E_DENIED);
	assert_null(strstr(e.msg, "allowPrivateNetwork"));
	oc_guard_deinit(&g);
}

/* ---- redirects ------------------------------------------------------- */
static const char *const named_hosts[] = { "named.example", "10.9.9.9" };

struct fixture {
	struct oc_guard guard;
	struct oc_strv named;
	struct oc_redirects redirects;
};

static void begin(struct fixture *f, const char *base, enum oc_tri allow)
{
	struct oc_err e = { 0 };

	*f = (struct fixture){ 0 };
	assert_int_equal(oc_guard_init(&f->guard, oc_str(base), allow, &e), OC_OK);
	for (size_t i = 0; i < 2; i++) oc_strv_add(&f->named, oc_str(named_hosts[i]));
	f->guard.named = &f->named;
}

static void finish(struct fixture *f)
{
	oc_redirects_deinit(&f->redirects);
	oc_strv_deinit(&f->named);
	oc_guard_deinit(&f->guard);
}

/* "METHOD url", then "+" with a body, "d" when it was dropped, "s" when headers are stripped; or
 * the refusal's number. */
static char *judge(struct fixture *f, const char *method, const char *from, int status,
		   const char *location)
{
	struct oc_hop_request next;
	struct oc_err e = { 0 };
	enum oc_hop hop;
	struct oc_url u = url(from);
	struct oc_buf out;

	oc_buf_init(&out, 4096);
	enum oc_rc rc =
	    oc_redirects_next(&f->redirects, &f->guard, method, &u, strcmp(method, "GET") != 0,
			      status, location, &hop, &next, &e);
	oc_url_deinit(&u);
	assert_true(!rc || hop == OC_HOP_NONE);
	assert_int_equal(!rc, f->redirects.refusal == OC_REDIRECT_NOT_REFUSED);
	if (rc) oc_buf_addf(&out, "%d", (int)f->redirects.refusal);
	if (!rc && hop == OC_HOP_FOLLOW) {
		char *text = oc_url_text(&next.url);
		oc_buf_addf(&out, "%s %s %s%s%s", next.method, text, next.body ? "+" : "",
			    next.body_dropped ? "d" : "", next.strip_headers ? "s" : "");
		free(text);
		oc_hop_request_deinit(&next);
	}
	return oc_buf_take(&out);
}

static void a_redirect_decides_method_body_and_headers(void **state)
{
	static const char base[] = "https://gpu.lan/v1";
	static const struct {
		const char *method;
		int status;
		const char *location, *want;
	} cases[] = {
		{ "POST", 200, "/x", "" },
		{ "POST", 300, "/x", "" },
		{ "POST", 304, NULL, "" },
		{ "POST", 305, "/x", "" },
		{ "POST", 301, "/x", "GET https://gpu.lan/x " },
		{ "POST", 302, "x", "GET https://gpu.lan/x " },
		{ "POST", 303, "/x", "GET https://gpu.lan/x " },
		{ "POST", 307, "/x#f", "POST https://gpu.lan/x +" },
		{ "POST", 308, "/x", "POST https://gpu.lan/x +" },
		{ "PUT", 301, "/x", "PUT https://gpu.lan/x +" },
		{ "PUT", 303, "/x", "GET https://gpu.lan/x " },
		{ "HEAD", 303, "/x", "HEAD https://gpu.lan/x +" },
		{ "GET", 307, "/x", "GET https://gpu.lan/x " },
		{ "GET", 302, "//gpu.lan/y", "GET https://gpu.lan/y " },
		/* another origin that the config names */
		{ "GET", 302, "https://named.example/", "GET https://named.example/ s" },
		{ "GET", 302, "http://gpu.lan/", "GET http://gpu.lan/ s" },
		{ "GET", 302, "https://gpu.lan:444/", "GET https://gpu.lan:444/ s" },
		{ "POST", 307, "https://named.example/", "POST https://named.example/ ds" },
		{ "POST", 302, "https://named.example/", "GET https://named.example/ s" },
		/* refused */
		{ "GET", 302, "https://other.example/", "2" },
		{ "GET", 302, "http://8.8.8.8/", "2" },
		{ "GET", 302, "http://10.0.0.1/", "1" },
		{ "GET", 302, "http://10.9.9.9/", "1" },
		{ "GET", 302, "http://localhost/", "1" },
		{ "GET", 302, "/v1", "4" },
		{ "GET", 302, NULL, "5" },
		{ "GET", 302, " ", "5" },
		{ "GET", 302, "ftp://gpu.lan/", "6" },
		{ "GET", 302, "https://1.2.3.256/", "6" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f, base, OC_UNSET);
		char *got = judge(&f, cases[i].method, base, cases[i].status, cases[i].location);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s %d %s: \"%s\", not \"%s\"", cases[i].method, cases[i].status,
				 cases[i].location ? cases[i].location : "-", got, cases[i].want);
		free(got);
		finish(&f);
	}
}

static void expect_step(struct fixture *f, const char *from, const char *location, const char *want)
{
	char *got = judge(f, "GET", from, 302, location);

	assert_string_equal(got, want);
	free(got);
}

static void the_fourth_redirect_is_one_too_many(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "http://gpu.lan/", OC_UNSET);
	expect_step(&f, "http://gpu.lan/", "/1", "GET http://gpu.lan/1 ");
	expect_step(&f, "http://gpu.lan/1", "/2", "GET http://gpu.lan/2 ");
	expect_step(&f, "http://gpu.lan/2", "/3", "GET http://gpu.lan/3 ");
	expect_step(&f, "http://gpu.lan/3", "/4", "3");
	finish(&f);
}

static void a_circle_is_a_loop_and_stripped_headers_stay_away(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "http://gpu.lan/", OC_UNSET);
	expect_step(&f, "http://gpu.lan/", "http://named.example/", "GET http://named.example/ s");
	expect_step(&f, "http://named.example/", "http://gpu.lan/x", "GET http://gpu.lan/x s");
	expect_step(&f, "http://gpu.lan/x", "http://gpu.lan/", "4");
	finish(&f);
}

static enum oc_redirect_refusal addresses(struct fixture *f, const char *host_url,
					  const char *address)
{
	struct oc_url u = url(host_url);
	struct oc_err e = { 0 };
	struct oc_ip ip;

	assert_true(oc_ip_parse(oc_str(address), &ip));
	enum oc_rc rc = oc_redirects_check_addrs(&f->redirects, &f->guard, &u, &ip, 1, &e);
	assert_int_equal(rc, f->redirects.refusal ? OC_E_DENIED : OC_OK);
	oc_url_deinit(&u);
	return f->redirects.refusal;
}

static void the_opt_in_admits_private_hosts_but_no_unnamed_public_one(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "http://gpu.lan/", OC_TRUE);
	assert_int_equal(addresses(&f, "http://other.example/", "8.8.8.8"),
			 OC_REDIRECT_NOT_REFUSED);
	expect_step(&f, "http://gpu.lan/", "http://10.0.0.5/", "GET http://10.0.0.5/ s");
	expect_step(&f, "http://10.0.0.5/", "http://8.8.8.8/", "2");
	expect_step(&f, "http://10.0.0.5/", "http://nas.lan/", "GET http://nas.lan/ s");
	assert_int_equal(addresses(&f, "http://nas.lan/", "10.0.0.6"), OC_REDIRECT_NOT_REFUSED);
	assert_int_equal(addresses(&f, "http://nas.lan/", "8.8.8.8"), OC_REDIRECT_UNNAMED_HOST);
	finish(&f);
	begin(&f, "http://gpu.lan/", OC_TRUE);
	expect_step(&f, "http://gpu.lan/", "http://named.example/", "GET http://named.example/ s");
	assert_int_equal(addresses(&f, "http://named.example/", "8.8.8.8"),
			 OC_REDIRECT_NOT_REFUSED);
	finish(&f);
}

static void a_named_host_with_a_private_answer_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "http://gpu.lan/", OC_UNSET);
	expect_step(&f, "http://gpu.lan/", "http://named.example/", "GET http://named.example/ s");
	assert_int_equal(addresses(&f, "http://named.example/", "10.0.0.6"), OC_REDIRECT_PRIVATE);
	finish(&f);
}

/* What a model asks for is public, whatever spelling it finds (spec 03 §6.3). */
static void a_model_reaches_public_addresses_only(void **state)
{
	static const struct {
		const char *url;
		const char *resolved; /* NULL = the literal itself */
		bool strict, named, all;
	} cases[] = {
		{ "https://example.com/", "93.184.216.34", true, true, true },
		{ "http://8.8.8.8/", NULL, true, true, true },
		{ "https://example.com/", "10.0.0.5", false, false, true },
		{ "https://rebound.example/", "127.0.0.1", false, false, true },
		{ "http://intra.example/", "192.168.1.2", false, true, true },
		{ "http://intra.example/", "169.254.169.254", false, false, false },
		{ "http://127.0.0.1/", NULL, false, false, true },
		{ "http://2130706433/", NULL, false, false, true },
		{ "http://0177.0.0.1/", NULL, false, false, true },
		{ "http://[::ffff:127.0.0.1]/", NULL, false, false, true },
		{ "http://[64:ff9b::7f00:1]/", NULL, false, false, true },
		{ "http://localhost/", "127.0.0.1", false, false, true },
		{ "http://printer.local/", "192.168.1.9", false, false, true },
		{ "http://169.254.169.254/latest/", NULL, false, false, false },
		{ "http://metadata.google.internal/", "169.254.169.254", false, false, false },
		{ "http://[fd00:ec2::254]/", NULL, false, false, false },
		{ "http://100.100.100.200/", NULL, false, false, false },
	};
	struct oc_strv named = { 0 };
	struct oc_guard g[3] = { { .public_web = true },
				 { .public_web = true, .private_ok = &named },
				 { .public_web = true, .allow_private = OC_TRUE } };

	(void)state;
	oc_strv_add(&named, OC_LIT("intra.example"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_url u = url(cases[i].url);
		const bool want[3] = { cases[i].strict, cases[i].named, cases[i].all };

		for (size_t k = 0; k < 3; k++) {
			struct oc_ip ip = u.ip;
			struct oc_err e = { 0 };

			if (cases[i].resolved)
				assert_true(oc_ip_parse(oc_str(cases[i].resolved), &ip));
			bool got = !oc_guard_check_host(&g[k], &u, &e) &&
				   !oc_guard_check_addrs(&g[k], &u, &ip, 1, &e);
			if (got != want[k]) fail_msg("%s, guard %zu", cases[i].url, k);
			if (!got) assert_null(strstr(e.msg, "models.providers"));
		}
		oc_url_deinit(&u);
	}
	oc_strv_deinit(&named);
}

static void a_public_page_may_redirect_to_public_hosts_only(void **state)
{
	static const struct {
		const char *location;
		enum oc_redirect_refusal want;
	} cases[] = {
		{ "https://www.example.org/", OC_REDIRECT_NOT_REFUSED },
		{ "/next", OC_REDIRECT_NOT_REFUSED },
		{ "http://127.0.0.1/", OC_REDIRECT_PRIVATE },
		{ "http://169.254.169.254/", OC_REDIRECT_PRIVATE },
		{ "http://localhost:8080/", OC_REDIRECT_PRIVATE },
		{ "file:///etc/passwd", OC_REDIRECT_BAD_URL },
	};
	const struct oc_guard g = { .public_web = true };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_url from = url("https://example.com/");
		struct oc_redirects r = { 0 };
		struct oc_hop_request next = { 0 };
		struct oc_err e = { 0 };
		enum oc_hop hop;

		(void)!oc_redirects_next(&r, &g, "GET", &from, false, 302, cases[i].location, &hop,
					 &next, &e);
		if (r.refusal != cases[i].want) fail_msg("%s: %s", cases[i].location, e.msg);
		oc_hop_request_deinit(&next);
		oc_redirects_deinit(&r);
		oc_url_deinit(&from);
	}
}

static void only_harmless_headers_cross_an_origin(void **state)
{
	(void)state;
	assert_true(oc_header_survives(OC_LIT("Accept")));
	assert_true(oc_header_survives(OC_LIT("User-Agent")));
	assert_false(oc_header_survives(OC_LIT("Authorization")));
	assert_false(oc_header_survives(OC_LIT("x-api-key")));
	assert_false(oc_header_survives(OC_LIT("Cookie")));
	assert_false(oc_header_survives(OC_LIT("Accept-X")));
	assert_false(oc_header_survives(OC_LIT("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_have_their_class),
		cmocka_unit_test(hosts_are_refused_before_they_are_resolved),
		cmocka_unit_test(one_bad_answer_blocks_and_good_ones_are_sorted),
		cmocka_unit_test(a_refusal_gives_a_hint_but_no_address),
		cmocka_unit_test(a_redirect_decides_method_body_and_headers),
		cmocka_unit_test(the_fourth_redirect_is_one_too_many),
		cmocka_unit_test(a_circle_is_a_loop_and_stripped_headers_stay_away),
		cmocka_unit_test(the_opt_in_admits_private_hosts_but_no_unnamed_public_one),
		cmocka_unit_test(a_named_host_with_a_private_answer_is_refused),
		cmocka_unit_test(a_model_reaches_public_addresses_only),
		cmocka_unit_test(a_public_page_may_redirect_to_public_hosts_only),
		cmocka_unit_test(only_harmless_headers_cross_an_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
