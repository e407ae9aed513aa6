/* Records every change that a process makes to the files under one folder, and can make writes fail.
 *
 * Preloaded before libc (LD_PRELOAD), built when the tests run. Nothing is recorded until faults_begin is called, nothing
 * fails until faults_fail is. A record is a fixed head, two paths and the bytes that were written; tests/faults/shim.py
 * reads it. Writes through mmap (SQLite's -shm, which is made anew after a crash) are not seen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
    uint8_t op, pad[3];
    uint32_t first, second, size;
    uint64_t at;
};
enum { FULL = 1, BROKEN = 2, SHORT = 3, UNSYNCED = 4 };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1, kind, sticky;
static char root[PATH_MAX];
static long seen, first_at, every, failed;

void faults_begin(const char *log, const char *folder) {
    snprintf(root, sizeof root, folder[1] ? "%s/" : "%s", folder);
    log_fd = log[0] ? (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}
void faults_end(void) {
    if (log_fd >= 0) close(log_fd);
    log_fd = -1;
    kind = 0;
    root[0] = 0;
}
/* Call number `first` under the folder fails (counted from one), and each `step`-th after it; `sticky`: all after it. */
void faults_fail(int what, long first, long step, int for_good) {
    seen = failed = 0;
    first_at = first, every = step, sticky = for_good, kind = what;
}
long faults_seen(void) { return seen; }
long faults_failed(void) { return failed; }

static int ours(const char *path) {
    size_t length = strlen(root), own = strlen(path);
    return length && !strncmp(path, root, length) && !(length > 1 && own > 10 && !strcmp(path + own - 10, " (deleted)"));
}
static int of_descriptor(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return ours(path);
}
static int of_name(int folder, const char *name, char *path) {
    if (name[0] == '/' || folder == AT_FDCWD) {
        snprintf(path, PATH_MAX, "%s", name);
        return ours(path);
    }
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    snprintf(path + length, PATH_MAX - length, "/%s", name);
    return ours(path);
}
static void put(uint8_t op, const char *path, const char *other, uint64_t at, const void *data, size_t size) {
    if (log_fd < 0) return;
    struct head head = {op, {0}, strlen(path), other ? strlen(other) : 0, size, at};
    struct iovec parts[4] = {{&head, sizeof head},
                             {(void *)path, head.first},
                             {(void *)(other ? other : ""), head.second},
                             {(void *)data, size}};
    syscall(SYS_writev, log_fd, parts, 4);
}
/* Whether this call is to fail; `syncing` says which of the two sorts of call it is. */
static int fails(const char *path, int syncing) {
    if (!kind || (kind == UNSYNCED) != syncing || strstr(path, "/acknowledged")) return 0;
    seen++;
    int now = seen == first_at || (seen > first_at && (sticky || (every && (seen - first_at) % every == 0)));
    failed += now;
    return now;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t written(int fd, const void *data, size_t size, int64_t at) {
    static ssize_t (*real_write)(int, const void *, size_t);
    static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write"), real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    char path[PATH_MAX];
    if (!root[0] || fd == log_fd || !of_descriptor(fd, path)) return at < 0 ? real_write(fd, data, size) : real_pwrite(fd, data, size, at);
    pthread_mutex_lock(&turn);
    ssize_t done = -1;
    int stops = fails(path, 0);
    if (stops && (kind == FULL || kind == BROKEN)) errno = kind == FULL ? ENOSPC : EIO;
    else {
        if (stops && size > 1) size /= 2;
        done = at < 0 ? real_write(fd, data, size) : real_pwrite(fd, data, size, at);
        if (done > 0) put('W', path, 0, at < 0 ? (uint64_t)(lseek64(fd, 0, SEEK_CUR) - done) : (uint64_t)at, data, done);
    }
    int kept = errno;
    pthread_mutex_unlock(&turn);
    errno = kept;
    return done;
}
ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, -1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return written(fd, data, size, at); }

/* Those who ask for these fall back to plain writes, which are seen. */
ssize_t sendfile(int out, int in, off_t *at, size_t size) { errno = ENOTSOCK; return -1; }
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) { errno = ENOTSOCK; return -1; }
ssize_t copy_file_range(int in, off64_t *a, int out, off64_t *b, size_t size, unsigned flags) { errno = EXDEV; return -1; }

static int synced(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    if (!root[0] || !of_descriptor(fd, path)) {
        size_t length = strlen(path);
        if (!root[0] || length + 1 != strlen(root) || strncmp(path, root, length)) return real(fd);
    }
    pthread_mutex_lock(&turn);
    int done = -1;
    if (fails(path, 1)) errno = EIO;
    else if (!(done = real(fd))) put('S', path, 0, 0, 0, 0);
    int kept = errno;
    pthread_mutex_unlock(&turn);
    errno = kept;
    return done;
}
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

static int shortened(int fd, off64_t size) {
    char path[PATH_MAX];
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (!done && root[0] && of_descriptor(fd, path)) put('T', path, 0, size, 0, 0);
    pthread_mutex_unlock(&turn);
    return done;
}
int ftruncate(int fd, off_t size) { return shortened(fd, size); }
int ftruncate64(int fd, off64_t size) { return shortened(fd, size); }

static int opened(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    struct stat before;
    int there = root[0] && (flags & (O_CREAT | O_TRUNC)) && of_name(folder, name, path);
    pthread_mutex_lock(&turn);
    int fresh = there && fstatat(folder, name, &before, 0) != 0;
    int fd = (int)syscall(SYS_openat, folder, name, flags | O_LARGEFILE, mode);
    if (fd >= 0 && there && fresh) put('C', path, 0, 0, 0, 0);
    else if (fd >= 0 && there && (flags & O_TRUNC)) put('T', path, 0, 0, 0, 0);
    pthread_mutex_unlock(&turn);
    return fd;
}
#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
int open(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE(flags) return opened(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE(flags) return opened(folder, name, flags, mode); }

static int named(uint8_t op, int folder, const char *name, int done) {
    char path[PATH_MAX];
    if (!done && root[0] && of_name(folder, name, path)) put(op, path, 0, 0, 0, 0);
    return done;
}
#define ALONE(op, folder, name, call) \
    pthread_mutex_lock(&turn); \
    int done = named(op, folder, name, (int)(call)); \
    int kept = errno; \
    pthread_mutex_unlock(&turn); \
    errno = kept; \
    return done;
int unlink(const char *name) { ALONE('U', AT_FDCWD, name, syscall(SYS_unlinkat, AT_FDCWD, name, 0)) }
int unlinkat(int folder, const char *name, int flags) { ALONE('U', folder, name, syscall(SYS_unlinkat, folder, name, flags)) }
int rmdir(const char *name) { ALONE('U', AT_FDCWD, name, syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR)) }
int mkdir(const char *name, mode_t mode) { ALONE('M', AT_FDCWD, name, syscall(SYS_mkdirat, AT_FDCWD, name, mode)) }
int mkdirat(int folder, const char *name, mode_t mode) { ALONE('M', folder, name, syscall(SYS_mkdirat, folder, name, mode)) }

static int moved(uint8_t op, int from, const char *name, int to, const char *other, int done) {
    char path[PATH_MAX], next[PATH_MAX];
    if (!done && root[0] && of_name(from, name, path) + of_name(to, other, next)) put(op, path, next, 0, 0, 0);
    return done;
}
#define BOTH(op, from, name, to, other, call) \
    pthread_mutex_lock(&turn); \
    int done = moved(op, from, name, to, other, (int)(call)); \
    int kept = errno; \
    pthread_mutex_unlock(&turn); \
    errno = kept; \
    return done;
int rename(const char *a, const char *b) { BOTH('R', AT_FDCWD, a, AT_FDCWD, b, syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 0)) }
int renameat(int f, const char *a, int t, const char *b) { BOTH('R', f, a, t, b, syscall(SYS_renameat2, f, a, t, b, 0)) }
int link(const char *a, const char *b) { BOTH('L', AT_FDCWD, a, AT_FDCWD, b, syscall(SYS_linkat, AT_FDCWD, a, AT_FDCWD, b, 0)) }
int linkat(int f, const char *a, int t, const char *b, int flags) { BOTH('L', f, a, t, b, syscall(SYS_linkat, f, a, t, b, flags)) }
