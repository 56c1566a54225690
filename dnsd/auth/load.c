/*
 * Zones from their files, and at start from their journals.
 *
 * A zone with a journal (it takes updates, or is transferred) is what its file
 * says and then what the journal says from the file's serial on:
 *
 *	the journal holds the file's serial	the rest is applied
 *	the file is newer than all of it	the file counts; who comes to
 *						write begins the journal anew
 *	anything else				an error: the zone is not served
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "journal.h"
#include "load.h"
#include "log.h"
#include "serial.h"
#include "zonecheck.h"
#include "zonefile.h"

#define TRIM 4096 /* records from which on memory is given back */
#define WARNINGS 20 /* told */

struct reading {
	struct edit *edit;
	struct load_result *result;
	const char *path;
	/* the record before */
	const struct dname *owner;
	uint16_t type;
	uint32_t ttl;
};

static void
tell_line(const char *file, int line, const char *what)
{
	if (line > 0)
		log_errx("%s:%d: %s", file, line, what);
	else
		log_errx("%s: %s", file, what);
}

/* One CNAME, DNAME, SOA for a name; more would silently replace it. */
static const char *
wrong_single(const struct reading *r, const struct zonefile_rr *rr)
{
	const struct node *n;
	const struct rrset *set;

	if (rr->type == TYPE_SOA &&
	    rr->owner->labels != edit_origin(r->edit)->labels)
		return "a SOA must stand at the zone's own name";
	if ((n = edit_find(r->edit, rr->owner, 0)) == NULL ||
	    (set = node_rrset(n, rr->type)) == NULL ||
	    rdata_compare(rr->type, rrset_rdata(set->data),
		rrset_len(set->data), rr->data, rr->len) == 0)
		return NULL;
	return rr->type == TYPE_SOA ? "a second SOA" :
	    rr->type == TYPE_CNAME  ? "a second CNAME of this name" :
				      "a second DNAME of this name";
}

/* Records of an RRset mostly stand together. */
static void
compare_ttl(struct reading *r, const struct zonefile_rr *rr)
{
	if (rr->owner == r->owner && rr->type == r->type && rr->ttl != r->ttl &&
	    rr->type != TYPE_RRSIG && ++r->result->warnings <= WARNINGS)
		log_warnx("%s:%d: another TTL than the record before: all "
			  "records of a name and type have one (RFC 2181 "
			  "section 5.2), the first one's",
		    rr->file, rr->line);
	if (rr->owner != r->owner || rr->type != r->type)
		r->ttl = rr->ttl;
	r->owner = rr->owner;
	r->type = rr->type;
}

static const char *
take_record(void *arg, const struct zonefile_rr *rr)
{
	struct reading *r = arg;
	const struct edit_rr e = { rr->type, rr->ttl, rr->data, rr->len };
	const char *wrong;

	if (rtype_is_single(rr->type) && (wrong = wrong_single(r, rr)) != NULL)
		return wrong;
	compare_ttl(r, rr);
	r->result->records++;
	switch (edit_add(r->edit, rr->owner, &e)) {
	case EDIT_OUTSIDE:
		return "the name is not in the zone";
	case EDIT_FULL:
		return "too many records of one name, or no memory";
	case EDIT_DONE:
	case EDIT_SAME:
		break;
	}
	return NULL;
}

static void
take_error(void *arg, const char *file, int line, const char *what)
{
	(void)arg;
	tell_line(file, line, what);
}

static void
take_file(void *arg, const char *path, const struct stat *st)
{
	struct load_result *result = ((struct reading *)arg)->result;
	struct zone_file *v =
	    reallocarray(result->files, result->nfiles + 1, sizeof(*v));
	char *copy = strdup(path);

	if (v != NULL)
		result->files = v;
	if (v == NULL || copy == NULL) {
		/* it is read again when it need not be */
		free(copy);
		return;
	}
	v[result->nfiles++] = (struct zone_file){ .path = copy,
		.mtime = st->st_mtim,
		.ino = st->st_ino,
		.size = st->st_size };
}

static void
take_check(void *arg, bool error, const char *what)
{
	const struct reading *r = arg;

	if (error)
		log_errx("%s: %s", r->path, what);
	else
		log_warnx("%s: %s", r->path, what);
}

static void
check(struct reading *r)
{
	struct zonecheck c = { .tell = take_check, .arg = r };

	r->result->errors += zonecheck_run(r->result->snapshot, &c);
	r->result->warnings += c.warnings;
	if (r->result->errors == 0)
		return;
	snapshot_free(r->result->snapshot);
	r->result->snapshot = NULL;
}

static void
read_file(struct reading *r, const struct dname *origin)
{
	static const struct zonefile_calls calls = { take_record, take_error,
		take_file };
	struct load_result *result = r->result;

	if ((r->edit = edit_begin(NULL, origin)) == NULL) {
		result->errors++;
		log_err("%s", r->path);
		return;
	}
	edit_first_ttl(r->edit);
	result->errors = zonefile_read(r->path, origin->wire, &calls, r);
	if (result->errors > 0) {
		edit_abort(r->edit);
		return;
	}
	if ((result->snapshot = edit_commit(r->edit)) != NULL) {
		check(r);
		return;
	}
	result->errors++;
	if (errno == EINVAL)
		log_errx("%s: there is no SOA of the zone's name", r->path);
	else
		log_err("%s", r->path);
}

static double
cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
load_file(
    const char *path, const struct dname *origin, struct load_result *result)
{
	struct reading r = { .result = result, .path = path };
	double begin = cpu_time();

	*result = (struct load_result){ 0 };
	read_file(&r, origin);
	if (result->records > TRIM)
		malloc_trim(0);
	result->cpu = cpu_time() - begin;
}

void
load_result_free(struct load_result *result)
{
	if (result->snapshot != NULL)
		snapshot_free(result->snapshot);
	zone_files_free(result->files, result->nfiles);
	*result = (struct load_result){ 0 };
}

/* Journals */

static const char *
zone_text(const struct zone *z, char out[DNS_NAME_TEXT])
{
	return dns_name_text(z->conf->origin.wire, out);
}

/* The snapshot and then the journal: what comes out, or NULL (told); the
 * snapshot that goes in is used up. */
static struct snapshot *
replay(struct zone *z, struct snapshot *s)
{
	char name[DNS_NAME_TEXT];
	struct edit *e = edit_begin(s, NULL);
	struct snapshot *next = NULL;

	if (e == NULL) {
		log_err("%s", zone_text(z, name));
	} else if (journal_replay(z->journal, s->serial, e) == -1) {
		edit_abort(e);
	} else if ((next = edit_commit(e)) == NULL) {
		log_err("%s: the journal makes no zone", zone_text(z, name));
	}
	snapshot_free(s);
	return next;
}

struct snapshot *
load_replay(struct zone *z, struct snapshot *s)
{
	char name[DNS_NAME_TEXT], path[PATH_MAX];
	struct journal_reader *reader;
	uint32_t from, to;

	if (z->journal == NULL || !journal_span(z->journal, &from, &to) ||
	    s->serial == to)
		return s;
	reader = journal_read(z->journal, s->serial, to);
	if (reader != NULL) {
		journal_reader_close(reader);
		return replay(z, s);
	}
	if (serial_newer(s->serial, to)) {
		log_notice("%s: the file, serial %u, is newer than the "
			   "journal, which ends at %u: the file counts",
		    zone_text(z, name), s->serial, to);
		return s;
	}
	zone_path(z, ".jnl", path, sizeof(path));
	log_errx("%s: the file has serial %u, but the journal leads from %u to "
		 "%u: give the file a serial above %u, or take %s away to "
		 "forget what it has",
	    zone_text(z, name), s->serial, from, to, to, path);
	snapshot_free(s);
	return NULL;
}

/* The start */

static bool
is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || errno != ENOENT;
}

static int
open_journal(struct zone *z)
{
	char path[PATH_MAX];

	if ((!z->dynamic && !z->secondary) || z->server->journals == NULL ||
	    z->journal != NULL)
		return 0;
	zone_path(z, ".jnl", path, sizeof(path));
	z->journal =
	    journal_open(z->server->journals, path, z->server->writing);
	return z->journal != NULL ? 0 : -1;
}

void
load_looked(struct zone *z, struct load_result *result)
{
	zone_files_free(z->files, z->nfiles);
	z->files = result->files;
	z->nfiles = result->nfiles;
	result->files = NULL;
	result->nfiles = 0;
}

void
load_done(struct zone *z, struct load_result *result)
{
	struct snapshot *s = result->snapshot;
	char name[DNS_NAME_TEXT];

	load_looked(z, result);
	z->loaded = time(NULL);
	z->broken = false;
	log_info("%s: loaded serial=%u records=%zu cpu=%.3f",
	    zone_text(z, name), s->serial, s->records, result->cpu);
	result->snapshot = NULL;
	zone_publish(z, s);
}

void
load_now(struct zone *z)
{
	struct load_result result;
	char path[PATH_MAX];

	zone_source(z, path, sizeof(path));
	load_file(path, &z->conf->origin, &result);
	if (result.snapshot != NULL)
		result.snapshot = load_replay(z, result.snapshot);
	if (result.snapshot != NULL)
		load_done(z, &result);
	load_result_free(&result);
}

/* A secondary without a file waits for its first transfer. */
static int
load_zone(struct zone *z)
{
	char path[PATH_MAX];

	z->broken = true;
	if (open_journal(z) == -1)
		return -1;
	zone_source(z, path, sizeof(path));
	if (z->secondary && !is_there(path)) {
		z->broken = false;
		return 0;
	}
	load_now(z);
	return z->broken ? -1 : 0;
}

int
load_all(struct server *s)
{
	int status = 0;
	size_t i;

	for (i = 0; i < s->zones->n; i++)
		if (load_zone(&s->zones->v[i]) == -1 &&
		    !s->zones->v[i].secondary)
			status = -1;
	return status;
}

bool
load_changed(const struct zone *z)
{
	const struct zone_file *f;
	struct stat st;
	size_t i;

	if (z->secondary)
		return false;
	for (i = 0; i < z->nfiles; i++) {
		f = &z->files[i];
		if (stat(f->path, &st) == -1 || st.st_ino != f->ino ||
		    st.st_size != f->size ||
		    st.st_mtim.tv_sec != f->mtime.tv_sec ||
		    st.st_mtim.tv_nsec != f->mtime.tv_nsec)
			return true;
	}
	return z->nfiles == 0;
}
