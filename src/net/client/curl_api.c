#include "net/client/curl_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4", "libcurl.4.dylib" };

static void *open_library(void)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
		if (library) return library;
	}
	fprintf(stderr,
		"openclaw: libcurl is missing (%s): install it, on Debian libcurl3-gnutls\n",
		dlerror());
	exit(1);
}

static void *symbol(void *library, const char *name)
{
	void *p = dlsym(library, name);

	if (p) return p;
	fprintf(stderr, "openclaw: the installed libcurl has no %s: it is too old\n", name);
	exit(1);
}

const struct oc_curl *oc_curl(void)
{
	static struct oc_curl curl;

	if (curl.easy_init) return &curl;
	void *library = open_library();
#define OC_CURL_LOAD(name) *(void **)&curl.name = symbol(library, "curl_" #name);
	OC_CURL_FUNCTIONS(OC_CURL_LOAD)
#undef OC_CURL_LOAD
	return &curl;
}
