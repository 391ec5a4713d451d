/* versions: of the libraries this layer stands on, for --version. */
#ifndef WIRE_VERSIONS_H
#define WIRE_VERSIONS_H

enum { WIRE_VERSION = 32 };

/* "9.2.1": the headers we were built with; llhttp cannot be asked at run time. */
const char *wire_llhttp_version(void);
/* "3.6.4": the Mbed TLS we run with. Writes to out and returns it. */
const char *wire_mbedtls_version(char out[WIRE_VERSION]);

#endif
