/*
 * Configuration files of any content, and the words of the language. What
 * was accepted is shown, read back, and shown the same.
 */
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "confpart.h"
#include "log.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct rule {
	char *match;
	struct conf_list names;
	struct conf_prefixes networks;
	bool deny;
	int line;
};

struct host {
	uint64_t ttl_ms;
	char *name;
	int ttl_line;
	struct conf_sections rules;
};

struct all {
	bool on;
	uint64_t num, size, ms;
	char *str, *path;
	int mode;
	struct conf_list list, listen;
	struct conf_range ports;
	struct conf_sections rules, hosts;
};

static const char *const infinite[] = { "infinite", NULL };
static const char *const modes[] = { "never", "maybe", "always", NULL };

/* clang-format off */
static const struct conf_key rule_keys[] = {
	{ .name = "match", .type = CONF_STR, .offset = offsetof(struct rule, match), .def = "" },
	{ .name = "names", .type = CONF_LIST, .offset = offsetof(struct rule, names), .def = "x", .max = 3 },
	{ .name = "networks", .type = CONF_PREFIXES, .offset = offsetof(struct rule, networks), .max = 4 },
	{ .name = "deny", .type = CONF_BOOL, .offset = offsetof(struct rule, deny), .def = "no" },
	{ .type = CONF_END },
};

static const struct conf_key host_keys[] = {
	{ .name = "ttl", .type = CONF_TIME, .offset = offsetof(struct host, ttl_ms), .max = UINT64_MAX / 2, .words = infinite, .line_offset = offsetof(struct host, ttl_line) },
	{ .name = "rule", .type = CONF_SECTION, .offset = offsetof(struct host, rules), .max = 3, .keys = rule_keys, .size = sizeof(struct rule) },
	{ .type = CONF_END },
};

static const struct conf_key keys[] = {
	{ .name = "on", .type = CONF_BOOL, .offset = offsetof(struct all, on), .def = "yes" },
	{ .name = "num", .type = CONF_NUM, .offset = offsetof(struct all, num), .def = "512", .min = 8, .max = 65464 },
	{ .name = "max_size", .type = CONF_SIZE, .offset = offsetof(struct all, size), .def = "64k", .max = UINT64_MAX },
	{ .name = "time_out", .type = CONF_TIME, .offset = offsetof(struct all, ms), .max = UINT64_MAX },
	{ .name = "str", .type = CONF_STR, .offset = offsetof(struct all, str) },
	{ .name = "path", .type = CONF_PATH, .offset = offsetof(struct all, path), .min = 1 },
	{ .name = "mode", .type = CONF_ENUM, .offset = offsetof(struct all, mode), .def = "maybe", .words = modes },
	{ .name = "list", .type = CONF_LIST, .offset = offsetof(struct all, list) },
	{ .name = "listen", .type = CONF_ADDRS, .offset = offsetof(struct all, listen), .def = "*", .min = 1, .max = 64 },
	{ .name = "ports", .type = CONF_RANGE, .offset = offsetof(struct all, ports), .min = 1024, .max = 65535 },
	{ .name = "rule", .type = CONF_SECTION, .offset = offsetof(struct all, rules), .max = 3, .keys = rule_keys, .size = sizeof(struct rule), .line_offset = offsetof(struct rule, line) },
	{ .name = "host", .type = CONF_SECTION, .offset = offsetof(struct all, hosts), .max = 3, .keys = host_keys, .size = sizeof(struct host), .title_offset = offsetof(struct host, name) },
	{ .type = CONF_END },
};
/* clang-format on */

static int
load(const void *bytes, size_t len, struct all *c)
{
	int rc, fd = memfd_create("conf", MFD_CLOEXEC);
	char path[32];
	const struct conf_files f = {
		.own = path, .keys = keys, .own_must_exist = true
	};

	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(c, 0, sizeof(*c));
	rc = conf_load(&f, c);
	close(fd);
	return rc;
}

static void
try_file(const uint8_t *bytes, size_t len)
{
	struct buf once, twice;
	struct all c;

	buf_init(&once, 64 << 20);
	buf_init(&twice, 64 << 20);
	if (load(bytes, len, &c) == 0) {
		conf_show(keys, &c, &once);
		conf_free(keys, &c);
		/* Escapes may take a file of the largest size beyond it. */
		if (once.len < 1 << 20) {
			if (load(once.p, once.len, &c) == -1)
				abort();
			conf_show(keys, &c, &twice);
			if (once.failed || twice.len != once.len ||
			    memcmp(once.p, twice.p, once.len) != 0)
				abort();
			conf_free(keys, &c);
		}
	} else {
		conf_free(keys, &c);
	}
	buf_free(&once);
	buf_free(&twice);
}

static void
try_words(const char *word)
{
	struct conf_prefix prefix;
	struct conf_range range;
	uint64_t v;

	conf_parse(CONF_NUM, word, &v);
	conf_parse(CONF_SIZE, word, &v);
	conf_parse(CONF_TIME, word, &v);
	if (conf_parse_prefix(word, &prefix) == NULL &&
	    prefix.bits > (prefix.family == AF_INET ? 32 : 128))
		abort();
	if (conf_parse_range(word, &range) == 0 && range.first > range.last)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *word = malloc(len + 1);

	log_level(LOG_EMERG);
	if (word == NULL)
		abort();
	memcpy(word, bytes, len);
	word[len] = '\0';
	try_words(word);
	free(word);
	try_file(bytes, len);
	return 0;
}
