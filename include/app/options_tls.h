/* options_tls: what the command line says of TLS: names of files as they were given; nothing is
 * read. A part of struct options.
 */
#ifndef APP_OPTIONS_TLS_H
#define APP_OPTIONS_TLS_H

#include "crypt/ciphers.h"
#include "crypt/tls_site.h"

enum { OPTIONS_PASSWORD = 512 /* bytes, with the NUL */ };

struct options_pair {
	const char *cert; /* NULL: self.pem */
	const char *key;  /* NULL: it is in cert */
};

struct options_tls {
	struct options_pair pairs[TLS_PAIRS];
	unsigned pairs_n; /* 0: self.pem, if there is one */
	bool self_signed;
	const char *state_dir;               /* NULL: nothing is kept */
	char key_password[OPTIONS_PASSWORD]; /* "": none. A copy: in argv it is wiped */
	const char *key_password_file;
	bool only, verify_client;
	const char *cafile;     /* NULL: the system's */
	const char *crl_file;   /* NULL: none */
	enum tls_version min;   /* 0: the default */
	bool old_version;       /* an older one than there is was asked for */
	struct ciphers ciphers; /* n 0: the default */
	bool target, target_insecure;
	const char *target_cafile, *target_name; /* NULL: the system's; the host to connect to */
	const char *target_crl_file;             /* NULL: none */
	const char *target_cert, *target_key;    /* NULL: none */
};

#endif
