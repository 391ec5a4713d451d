/* replay_main: runs a fuzz target over files, with no fuzzer there. Arguments are files and
 * folders (one level deep). Every input lies in memory of exactly its size, so that a sanitizer
 * sees a read past its end. Exit 0 when everything was run; an empty corpus proves nothing: 1.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, const struct stat *st)
{
	size_t size = (size_t)st->st_size;
	uint8_t *data = malloc(size ? size : 1);
	FILE *f = fopen(path, "rb");
	if (!data || !f || fread(data, 1, size, f) != size) {
		fprintf(stderr, "replay: cannot read %s\n", path);
		exit(1);
	}
	fclose(f);
	uint8_t *exact = size ? data : data + 1;
	LLVMFuzzerTestOneInput(exact, size);
	free(data);
	return 1;
}

static int replay_path(const char *path, int depth)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		perror(path);
		exit(1);
	}
	if (S_ISREG(st.st_mode))
		return replay_file(path, &st);
	if (!S_ISDIR(st.st_mode) || depth > 1)
		return 0;
	DIR *dir = opendir(path);
	int n = 0;
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char at[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(at, sizeof(at), "%s/%s", path, e->d_name);
		n += replay_path(at, depth + 1);
	}
	if (dir)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;
	for (int i = 1; i < argc; i++)
		n += replay_path(argv[i], 0);
	printf("%d inputs replayed\n", n);
	return n > 0 ? 0 : 1;
}
