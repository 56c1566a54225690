/*
 * replay: the inputs of a fuzz target without a fuzzer, as a test that prints
 * TAP. The target is linked in; its name is this program's, and its inputs
 * are the files of $SRC/tests/fuzz/{seeds,regressions}/FOLDER/NAME and an empty
 * one.
 * Each runs in a process of its own, so that one crash hides no other.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#define INPUT_MAX (16 << 20)
#define SECONDS_MAX 20

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int count, failed;

static void
replay_input(const char *name, const uint8_t *data, size_t len)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(SECONDS_MAX);
		LLVMFuzzerTestOneInput(data, len);
		exit(0);
	}
	count++;
	if (pid != -1 && waitpid(pid, &status, 0) == pid && status == 0) {
		printf("ok %d - %s\n", count, name);
		return;
	}
	failed++;
	printf("not ok %d - %s\n", count, name);
}

/* The bytes are copied to memory of just their size, for the sanitizer. */
static void
replay_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *data = NULL;

	if (fd == -1 || fstat(fd, &st) == -1 || st.st_size > INPUT_MAX ||
	    (data = malloc(st.st_size)) == NULL ||
	    read(fd, data, st.st_size) != st.st_size) {
		printf("not ok %d - %s: cannot be read\n", ++count, path);
		failed++;
	} else {
		replay_input(path, data, st.st_size);
	}
	free(data);
	if (fd != -1)
		close(fd);
}

static int
is_input(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
replay_folder(const char *kind, const char *name)
{
	const char *src = getenv("SRC");
	struct dirent **v;
	char path[PATH_MAX];
	int i, n;

	snprintf(path, sizeof(path), "%s/tests/fuzz/%s/%s",
	    src != NULL ? src : ".", kind, name);
	n = scandir(path, &v, is_input, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/tests/fuzz/%s/%s/%s",
		    src != NULL ? src : ".", kind, name, v[i]->d_name);
		replay_file(path);
		free(v[i]);
	}
	if (n >= 0)
		free(v);
}

/* ".../FOLDER/NAME.t" to "FOLDER/NAME.t" */
static void
folder_and_name(const char *path, char *out, size_t size)
{
	const char *p = path + strlen(path);
	int slashes = 0;

	while (p > path && (slashes += p[-1] == '/') < 2)
		p--;
	strlcpy(out, p, size);
}

int
main(int argc, char **argv)
{
	static const uint8_t nothing[1];
	char name[PATH_MAX], *p;

	(void)argc;
	folder_and_name(argv[0], name, sizeof(name));
	if ((p = strrchr(name, '.')) != NULL)
		*p = '\0';
	replay_input("no bytes", nothing, 0);
	replay_folder("seeds", name);
	replay_folder("regressions", name);
	printf("1..%d\n", count);
	return failed != 0;
}
