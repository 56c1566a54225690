/*
 * dnsd-keygen: a new key for TSIG, in a file as tsig-keygen(8) writes it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "tsig.h"

#define SECRET_MAX 64

/* The secret is as long as the digest (RFC 8945 section 9.1). */
static const struct {
	const char *name;
	size_t len;
} algorithms[] = {
	{ "hmac-sha1", 20 },
	{ "hmac-sha224", 28 },
	{ "hmac-sha256", 32 },
	{ "hmac-sha384", 48 },
	{ "hmac-sha512", 64 },
};

struct options {
	const char *name, *file, *group;
	size_t algorithm;
};

static void
usage(void)
{
	fputs("usage: dnsd-keygen [-a algorithm] [-o file [-g group]] name\n",
	    stderr);
	exit(1);
}

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "dnsd-keygen: %s: %s\n", what, why);
	exit(1);
}

static size_t
find_algorithm(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcasecmp(name, algorithms[i].name) == 0)
			return i;
	fail(name,
	    "is none of hmac-sha1 hmac-sha224 hmac-sha256 hmac-sha384 "
	    "hmac-sha512");
	return 0;
}

/* A name that every reader of such files takes as it stands. */
static void
check_name(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	uint8_t wire[DNS_NAME];

	if (name[strspn(name, good)] != '\0' || *name == '.' ||
	    dns_name_parse(name, wire) == 0)
		fail(name,
		    "not a name of a key: letters, digits, - and _, in labels "
		    "with dots between them");
}

/* The options may stand before or behind the name. */
static struct options
parse(int argc, char **argv)
{
	struct options o = { .algorithm = find_algorithm("hmac-sha256") };
	int c;

	while ((c = getopt(argc, argv, "a:g:o:")) != -1)
		switch (c) {
		case 'a':
			o.algorithm = find_algorithm(optarg);
			break;
		case 'g':
			o.group = optarg;
			break;
		case 'o':
			o.file = optarg;
			break;
		default:
			usage();
		}
	if (argc - optind != 1 || (o.group != NULL && o.file == NULL))
		usage();
	o.name = argv[optind];
	check_name(o.name);
	return o;
}

/* RFC 4648 section 4. */
static void
base64(const uint8_t *p, size_t len, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits;
	size_t i, n;

	for (i = 0; i < len; i += 3) {
		bits = (uint32_t)p[i] << 16;
		if (i + 1 < len)
			bits |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < len)
			bits |= p[i + 2];
		for (n = 0; n < 4; n++)
			*out++ = i + n <= len ?
			    digits[bits >> (18 - 6 * n) & 63] :
			    '=';
	}
	*out = '\0';
}

static void
write_key(const struct options *o, FILE *f)
{
	uint8_t secret[SECRET_MAX];
	char text[2 * SECRET_MAX];
	size_t len = algorithms[o->algorithm].len;

	if (getentropy(secret, len) == -1)
		fail("no random bytes", strerror(errno));
	base64(secret, len, text);
	fprintf(f, "key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};\n",
	    o->name, algorithms[o->algorithm].name, text);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(text, sizeof(text));
}

static void
set_group(const struct options *o, int fd)
{
	const struct group *g;

	if (o->group == NULL)
		return;
	if ((g = getgrnam(o->group)) == NULL)
		fail(o->group, "no such group");
	if (fchown(fd, (uid_t)-1, g->gr_gid) == -1 || fchmod(fd, 0640) == -1)
		fail(o->file, strerror(errno));
}

static void
sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	if (slash == NULL)
		snprintf(dir, sizeof(dir), ".");
	else
		snprintf(
		    dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		fail(dir, strerror(errno));
	close(fd);
}

static char new_path[PATH_MAX];

static void
remove_new(void)
{
	if (*new_path != '\0')
		unlink(new_path);
}

/* Whole or not at all; a file that is there is not replaced: somebody uses its
 * key. */
static void
write_file(const struct options *o)
{
	FILE *f;
	int fd;

	if (strlcpy(new_path, o->file, PATH_MAX) >= PATH_MAX - 8)
		fail(o->file, strerror(ENAMETOOLONG));
	strlcat(new_path, ".XXXXXX", PATH_MAX);
	if ((fd = mkostemp(new_path, O_CLOEXEC)) == -1) {
		*new_path = '\0';
		fail(o->file, strerror(errno));
	}
	atexit(remove_new);
	set_group(o, fd);
	if ((f = fdopen(fd, "w")) == NULL)
		fail(o->file, strerror(errno));
	write_key(o, f);
	if (fflush(f) == EOF || fsync(fd) == -1 || fclose(f) == EOF ||
	    link(new_path, o->file) == -1)
		fail(o->file, strerror(errno));
	sync_dir(o->file);
}

int
main(int argc, char **argv)
{
	struct options o = parse(argc, argv);

	umask(077);
	if (o.file != NULL) {
		write_file(&o);
		return 0;
	}
	write_key(&o, stdout);
	if (fflush(stdout) == EOF)
		fail("standard output", strerror(errno));
	return 0;
}
