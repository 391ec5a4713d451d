/* elf: what the kernel and the loader see of a program file: elf(5). */
#ifndef WRAP_ELF_H
#define WRAP_ELF_H

#include <stdbool.h>
#include <stdint.h>

enum { ELF_INTERP = 256 };

struct elf {
	uint8_t ident_class, ident_data;
	uint16_t machine;
	bool native;             /* class and byte order are ours: the rest is known */
	char interp[ELF_INTERP]; /* the loader it asks for; "": none, it is static */
};

/* False when the file is no ELF program or cannot be read. Offsets in the file are believed only
 * as far as they lead to something. */
bool elf_read(struct elf *e, int fd);

#endif
