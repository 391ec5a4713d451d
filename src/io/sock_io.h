/* sock_io: recv and send of the kernel's, for the two calls every byte goes through.
 *
 * Those of libc are cancellation points: in a process with threads each call sets a flag of the thread
 * and takes it back, atomically. Nobody here cancels a thread, and it is about 1 % of an echo. The
 * sanitizers watch libc's calls, so there it is those.
 */
#ifndef IO_SOCK_IO_H
#define IO_SOCK_IO_H

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(SYS_recvfrom)
#define SOCK_IO_LIBC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SOCK_IO_LIBC 1
#endif
#endif

/* Like recv(2) and send(2): -1 and errno. They never wait, and no SIGPIPE comes of them. */
#if defined(SOCK_IO_LIBC)
static inline ssize_t sock_recv(int fd, void *to, size_t room, int flags)
{
	return recv(fd, to, room, MSG_DONTWAIT | flags);
}

static inline ssize_t sock_send(int fd, const void *from, size_t n, int flags)
{
	return send(fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL | flags);
}
#else
static inline ssize_t sock_recv(int fd, void *to, size_t room, int flags)
{
	return syscall(SYS_recvfrom, fd, to, room, MSG_DONTWAIT | flags, NULL, NULL);
}

static inline ssize_t sock_send(int fd, const void *from, size_t n, int flags)
{
	return syscall(SYS_sendto, fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL | flags, NULL, 0);
}
#endif

#endif
