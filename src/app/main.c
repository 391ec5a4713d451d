/* websplice: gets a browser to a TCP service. Start here: options say what to do, server does it.
 */
#include "app/options.h"
#include "app/server.h"
#include "app/tls_build.h"
#include "crypt/engine.h"
#include "io/loop.h"
#include "wire/versions.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static int print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_version(void)
{
	char line[256], mbedtls[WIRE_VERSION], engine[ENGINE_TEXT];

	snprintf(line, sizeof line, "websplice %s (libuv %s, llhttp %s, Mbed TLS %s%s)\n",
	         WEBSPLICE_VERSION, loop_uv_version(), wire_llhttp_version(),
	         wire_mbedtls_version(mbedtls), engine_text(engine));
	return print(line);
}

/* Started without standard input, output or error? Then the first sockets would take their
 * numbers, and what is meant for standard error would go to a client. open takes the lowest. */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int usage(const char *err)
{
	fprintf(stderr, "websplice: error: %s\n", err);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct options o;
	char err[OPTIONS_ERROR];

	fill_standard_fds();
	if (options_parse(&o, argc, argv, err) < 0)
		return usage(err);
	switch (o.run) {
	case RUN_HELP: return print(options_help());
	case RUN_VERSION: return print_version();
	default: break;
	}
	if (tls_build_usable(&o, err) < 0)
		return usage(err);
	return server_run(&o);
}
