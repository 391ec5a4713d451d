/* elf: see the header. */
#include "elf.h"

#include <elf.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#if ULONG_MAX > UINT32_MAX
typedef Elf64_Ehdr ehdr;
typedef Elf64_Phdr phdr;
enum { OUR_CLASS = ELFCLASS64 };
#else
typedef Elf32_Ehdr ehdr;
typedef Elf32_Phdr phdr;
enum { OUR_CLASS = ELFCLASS32 };
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { OUR_DATA = ELFDATA2LSB };
#else
enum { OUR_DATA = ELFDATA2MSB };
#endif

enum { SEGMENTS = 64 /* looked at; programs have a dozen */ };

/* n bytes from there, or false. */
static bool read_at(int fd, void *to, size_t n, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, to, n, (off_t)at) == (ssize_t)n;
}

static void read_interp(struct elf *e, int fd, const phdr *p)
{
	size_t n = p->p_filesz < ELF_INTERP ? (size_t)p->p_filesz : ELF_INTERP - 1;
	if (!read_at(fd, e->interp, n, p->p_offset))
		n = 0;
	e->interp[n] = 0;
}

static void read_segments(struct elf *e, int fd, const ehdr *h)
{
	for (unsigned i = 0; i < h->e_phnum && i < SEGMENTS && h->e_phentsize == sizeof(phdr);
	     i++) {
		phdr p;
		if (!read_at(fd, &p, sizeof p, h->e_phoff + (uint64_t)i * sizeof p))
			return;
		if (p.p_type == PT_INTERP) {
			read_interp(e, fd, &p);
			return;
		}
	}
}

bool elf_read(struct elf *e, int fd)
{
	ehdr h;
	*e = (struct elf){0};
	/* Smaller than a header of either class is no program. */
	if (!read_at(fd, &h, sizeof(Elf32_Ehdr), 0) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	e->ident_class = h.e_ident[EI_CLASS];
	e->ident_data = h.e_ident[EI_DATA];
	if (e->ident_class != OUR_CLASS || e->ident_data != OUR_DATA)
		return true;
	if (!read_at(fd, &h, sizeof h, 0))
		return false;
	e->native = true;
	e->machine = h.e_machine;
	read_segments(e, fd, &h);
	return true;
}
