/* The table of model servers. */
#include "model/codec/provider_kinds.h"

#include <stdlib.h>

#include "base/mem.h"

#define CHAT "openai-completions"
#define PLAIN_LIST                                                                                 \
	{                                                                                          \
		{                                                                                  \
			OC_DOC_MODELS, "models"                                                    \
		}                                                                                  \
	}
#define LOCAL_MARK "custom-local"
enum { ONE = 1, LM_STUDIO_SLOTS = 4, BATCHING_SLOTS = 32, HOSTED_SLOTS = 16 };

const struct oc_provider_kind oc_provider_kinds[] = {
	{ .id = "lmstudio",
	  .aliases = "lm-studio lm_studio",
	  .label = "LM Studio",
	  .base_url = "http://localhost:1234/v1",
	  .api = CHAT,
	  .key_variable = "LM_API_TOKEN",
	  .marker = "lmstudio-local",
	  .start_hint = "Start LM Studio, or run: lms server start --port 1234",
	  .list = { { OC_DOC_MODELS, "/api/v1/models" },
		    { OC_DOC_MODELS, "/api/v0/models" },
		    { OC_DOC_MODELS, "models" } },
	  .window = { { OC_DOC_MODELS, "/api/v1/models" }, { OC_DOC_MODELS, "/api/v0/models" } },
	  .health = "models",
	  .answers_while_busy = true,
	  .load = OC_LOAD_LMSTUDIO,
	  .slots = LM_STUDIO_SLOTS,
	  .bundled = true,
	  .stands_in = true,
	  .any_base = true,
	  .live_list = true,
	  .keyless = true,
	  .assumed_window = 128000,
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .no_schema_pattern = true,
	  .lists_unloaded = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning, reasoning_content or <think>" },
	{ .id = "ollama",
	  .label = "Ollama",
	  .base_url = "http://127.0.0.1:11434/v1",
	  .api = CHAT,
	  .own_api = "ollama",
	  .key_variable = "OLLAMA_API_KEY",
	  .marker = "ollama-local",
	  .start_hint = "Start it with: ollama serve",
	  .list = { { OC_DOC_MODELS, "/api/tags" }, { OC_DOC_MODELS, "models" } },
	  .window = { { OC_DOC_PS, "/api/ps" }, { OC_DOC_SHOW, "/api/show" } },
	  .health = "/api/version",
	  .answers_while_busy = true,
	  .load = OC_LOAD_KEEP_ALIVE,
	  .slots = ONE,
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .cuts_prompts = true,
	  .lists_unloaded = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning" },
	{ .id = "llamacpp",
	  .aliases = "llama-cpp llama.cpp llama-server",
	  .label = "llama.cpp",
	  .base_url = "http://127.0.0.1:8080/v1",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: llama-server -m <file.gguf> --port 8080",
	  .list = PLAIN_LIST,
	  .window = { { OC_DOC_PROPS, "/props" }, { OC_DOC_MODELS, "models" } },
	  .health = "/health",
	  .answers_while_busy = true,
	  .load = OC_LOAD_ROUTER,
	  .slots = ONE,
	  .count = OC_COUNT_CONTENT,
	  .count_path = "/tokenize",
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .progress = true,
	  .ignores_model_name = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning_content" },
	{ .id = "vllm",
	  .label = "vLLM",
	  .base_url = "http://127.0.0.1:8000/v1",
	  .api = CHAT,
	  .key_variable = "VLLM_API_KEY",
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: vllm serve <model>",
	  .list = PLAIN_LIST,
	  .window = { { OC_DOC_MODELS, "models" } },
	  .health = "/health",
	  .answers_while_busy = true,
	  .slots = BATCHING_SLOTS,
	  .count = OC_COUNT_PROMPT,
	  .count_path = "/tokenize",
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning" },
	{ .id = "sglang",
	  .label = "SGLang",
	  .base_url = "http://127.0.0.1:30000/v1",
	  .api = CHAT,
	  .key_variable = "SGLANG_API_KEY",
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: python -m sglang.launch_server",
	  .list = PLAIN_LIST,
	  .window = { { OC_DOC_MODELS, "models" } },
	  .health = "/health",
	  .answers_while_busy = true,
	  .slots = BATCHING_SLOTS,
	  .count = OC_COUNT_PROMPT,
	  .count_path = "/tokenize",
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .messages = true,
	  .reasoning_field = "reasoning_content" },
	{ .id = "localai",
	  .aliases = "local-ai",
	  .label = "LocalAI",
	  .base_url = "http://127.0.0.1:8080/v1",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: local-ai run",
	  .list = PLAIN_LIST,
	  .window = { { OC_DOC_SHOW, "/api/show" } },
	  .health = "/readyz",
	  .slots = ONE,
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .lists_unloaded = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning" },
	{ .id = "jan",
	  .label = "Jan",
	  .base_url = "http://127.0.0.1:1337/v1",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .start_hint = "Start the local API server in Jan's settings, and a model",
	  .list = PLAIN_LIST,
	  .window = { { OC_DOC_MODELS, "models" }, { OC_DOC_PROPS, "/props" } },
	  .health = "models",
	  .slots = ONE,
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .reasoning_field = "reasoning_content" },
	{ .id = "tabbyapi",
	  .aliases = "tabby tabby-api",
	  .label = "TabbyAPI",
	  .base_url = "http://127.0.0.1:5000/v1",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: python main.py, in TabbyAPI's folder",
	  /* The card is of what is loaded; the list needs an administrator's key to be more. */
	  .list = { { OC_DOC_MODELS, "model" }, { OC_DOC_MODELS, "models" } },
	  .window = { { OC_DOC_MODELS, "model" }, { OC_DOC_PROPS, "/props" } },
	  .health = "/health",
	  .load = OC_LOAD_ADMIN,
	  .slots = ONE,
	  .count = OC_COUNT_TEXT,
	  .count_path = "token/encode",
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .ignores_model_name = true,
	  .reasoning_field = "reasoning_content" },
	{ .id = "textgen",
	  .aliases = "text-generation-webui tgw oobabooga",
	  .label = "text-generation-webui",
	  .base_url = "http://127.0.0.1:5000/v1",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: python server.py --api",
	  .list = PLAIN_LIST,
	  .health = "/v1/internal/health",
	  .load = OC_LOAD_ADMIN,
	  .slots = ONE,
	  .count = OC_COUNT_TEXT,
	  .count_path = "/v1/internal/token-count",
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .ignores_model_name = true,
	  .cuts_prompts = true,
	  .messages = true,
	  .reasoning_field = "reasoning_content" },
	{ .id = "mlx",
	  .aliases = "mlx-lm mlx_lm mlx-server",
	  .label = "MLX (mlx_lm.server)",
	  .base_url = "http://127.0.0.1:8080/v1",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: mlx_lm.server --model <folder> --port 8080",
	  .list = PLAIN_LIST,
	  .health = "/health",
	  .slots = ONE,
	  .suffixed = true,
	  .onboarding = true,
	  .stream_usage = true,
	  .lists_unloaded = true,
	  .loads_unknown = true,
	  .reasoning_field = "reasoning" },
	{ .id = "litellm",
	  .label = "LiteLLM",
	  .base_url = "http://127.0.0.1:4000/v1",
	  .api = CHAT,
	  .key_variable = "LITELLM_API_KEY",
	  .marker = LOCAL_MARK,
	  .start_hint = "Start it with: litellm --config <file> --port 4000",
	  .list = { { OC_DOC_MODELS, "/model/info" }, { OC_DOC_MODELS, "models" } },
	  .window = { { OC_DOC_MODELS, "/model/info" } },
	  .health = "/health/liveliness",
	  .answers_while_busy = true,
	  .slots = HOSTED_SLOTS,
	  .forwards = true,
	  .suffixed = true,
	  .onboarding = true,
	  .lists_unloaded = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning_content or reasoning" },
	{ .id = "starter",
	  .label = "Starter model",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .list = PLAIN_LIST,
	  .window = { { OC_DOC_PROPS, "/props" }, { OC_DOC_MODELS, "models" } },
	  .health = "/health",
	  .answers_while_busy = true,
	  .slots = ONE,
	  .count = OC_COUNT_CONTENT,
	  .count_path = "/tokenize",
	  .suffixed = true,
	  .stream_usage = true,
	  .progress = true,
	  .ignores_model_name = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning_content" },
	{ .id = "openrouter",
	  .label = "OpenRouter",
	  .base_url = "https://openrouter.ai/api/v1",
	  .api = CHAT,
	  .key_variable = "OPENROUTER_API_KEY",
	  .list = PLAIN_LIST,
	  .window = { { OC_DOC_MODELS, "models" } },
	  .health = "models",
	  .answers_while_busy = true,
	  .slots = HOSTED_SLOTS,
	  .forwards = true,
	  .hosted = true,
	  .lists_unloaded = true,
	  .responses = true,
	  .messages = true,
	  .reasoning_field = "reasoning" },
	{ .id = "anthropic",
	  .label = "Anthropic",
	  .base_url = "https://api.anthropic.com",
	  .api = "anthropic-messages",
	  .key_variable = "ANTHROPIC_API_KEY",
	  .list = { { OC_DOC_MODELS, "/v1/models" } },
	  .health = "/v1/models",
	  .answers_while_busy = true,
	  .slots = HOSTED_SLOTS,
	  .bundled = true,
	  .hosted = true,
	  .lists_unloaded = true,
	  .messages = true,
	  .reasoning_field = "thinking" },
	{ .id = "openai",
	  .label = "OpenAI",
	  .base_url = "https://api.openai.com/v1",
	  .api = CHAT,
	  .key_variable = "OPENAI_API_KEY",
	  .list = PLAIN_LIST,
	  .health = "models",
	  .answers_while_busy = true,
	  .slots = HOSTED_SLOTS,
	  .bundled = true,
	  .hosted = true,
	  .lists_unloaded = true,
	  .responses = true,
	  .reasoning_field = "none" },
	{ .id = "custom",
	  .label = "Custom",
	  .api = CHAT,
	  .marker = LOCAL_MARK,
	  .start_hint = "Start the server, or correct --custom-base-url",
	  .list = PLAIN_LIST,
	  /* Whatever the list says about itself is true; nothing more is asked of a stranger. */
	  .window = { { OC_DOC_MODELS, "models" } },
	  .health = "models",
	  .slots = ONE,
	  .reasoning_field = "unknown" },
};
const size_t oc_provider_kinds_n = sizeof oc_provider_kinds / sizeof *oc_provider_kinds;
const struct oc_provider_kind *const oc_custom_kind =
    &oc_provider_kinds[sizeof oc_provider_kinds / sizeof *oc_provider_kinds - 1];

/* ---- look-up ---- */

const struct oc_provider_kind *oc_provider_kind_named(struct oc_str id)
{
	for (size_t i = 0; i < oc_provider_kinds_n; i++)
		if (oc_str_ieq(oc_str(oc_provider_kinds[i].id), id)) return &oc_provider_kinds[i];
	return NULL;
}

static bool is_name(const struct oc_provider_kind *k, struct oc_str name, struct oc_str id,
		    bool suffix)
{
	if (!oc_str_istarts(id, name)) return false;
	return id.n == name.n || (suffix && k->suffixed && id.p[name.n] == '-');
}

static bool fits(const struct oc_provider_kind *k, struct oc_str id, bool suffix)
{
	struct oc_str rest = oc_str(k->aliases);

	if (is_name(k, oc_str(k->id), id, suffix)) return true;
	while (rest.n > 0) {
		size_t blank = oc_str_find(rest, OC_LIT(" "), 0);

		if (is_name(k, oc_str_head(rest, blank), id, suffix)) return true;
		rest = blank == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, blank + 1);
	}
	return false;
}

const struct oc_provider_kind *oc_provider_kind(const char *provider_id)
{
	struct oc_str id = oc_str_trim(oc_str(provider_id ? provider_id : ""));

	for (size_t i = 0; i < oc_provider_kinds_n; i++)
		if (fits(&oc_provider_kinds[i], id, true)) return &oc_provider_kinds[i];
	return oc_custom_kind;
}

const struct oc_provider_kind *oc_provider_kind_called(const char *name)
{
	for (size_t i = 0; i < oc_provider_kinds_n; i++)
		if (fits(&oc_provider_kinds[i], oc_str(name), false)) return &oc_provider_kinds[i];
	return NULL;
}

const char *oc_kind_of_header(const char *server)
{
	struct oc_str s = oc_str(server);

	if (oc_str_istarts(s, OC_LIT("llama.cpp"))) return "llamacpp";
	/* Python's plain server, which nobody else of the table uses. */
	return oc_str_istarts(s, OC_LIT("BaseHTTP/")) ? "mlx" : NULL;
}

/* ---- addresses ---- */

static struct oc_str without_slashes(struct oc_str s)
{
	while (s.n > 0 && s.p[s.n - 1] == '/') s.n--;
	return s;
}

char *oc_server_root(const char *base_url)
{
	struct oc_str s = without_slashes(oc_str(base_url));

	if (oc_str_ends(s, OC_LIT("/v1"))) s = without_slashes(oc_str_head(s, s.n - 3));
	if (oc_str_ends(s, OC_LIT("/api"))) s = without_slashes(oc_str_head(s, s.n - 4));
	return oc_strndup(s.p, s.n);
}

char *oc_kind_url(const char *base_url, const char *path)
{
	struct oc_str base = without_slashes(oc_str(base_url));

	if (*path != '/') return oc_asprintf("%.*s/%s", OC_FMT(base), path);
	char *root = oc_server_root(base_url), *url = oc_asprintf("%s%s", root, path);
	free(root);
	return url;
}
