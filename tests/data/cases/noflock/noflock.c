/* A file system that doesn't know flock: every call fails with NOFLOCK_ERRNO. For LD_PRELOAD. */
#include <errno.h>
#include <stdlib.h>

int flock(int file, int operation) {
    const char *number = getenv("NOFLOCK_ERRNO");
    (void)file;
    (void)operation;
    errno = number ? atoi(number) : ENOSYS;
    return -1;
}
