#define _GNU_SOURCE
#include "system_shims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int cco_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cco_pipe(int fds[2]) { return pipe2(fds, O_CLOEXEC); }

int cco_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cco_pidfd_send_signal(int pidfd, int signal_number) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}

int cco_set_child_subreaper(int on) { return prctl(PR_SET_CHILD_SUBREAPER, on ? 1L : 0L, 0L, 0L, 0L); }

int cco_set_parent_death_signal(int signal_number) {
    return prctl(PR_SET_PDEATHSIG, (long)signal_number, 0L, 0L, 0L);
}

int cco_set_dumpable(int on) { return prctl(PR_SET_DUMPABLE, on ? 1L : 0L, 0L, 0L, 0L); }

int cco_set_thread_name(const char *name) { return prctl(PR_SET_NAME, (unsigned long)name, 0L, 0L, 0L); }

int cco_rename_no_replace(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int cco_socket_pair(int fds[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds); }

ssize_t cco_send_files(int socket, const void *bytes, size_t count, const int *files, int file_count, int wait) {
    enum { AT_MOST = 8 };
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(AT_MOST * sizeof(int))];
    } extra;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (file_count > AT_MOST) {
        errno = EINVAL;
        return -1;
    }
    if (file_count > 0) {
        size_t const size = (size_t)file_count * sizeof(int);
        memset(&extra, 0, sizeof extra);
        message.msg_control = &extra;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), files, size);
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    while (sent < 0 && errno == EINTR);
    return sent;
}

// Starts a program with these files, with signals as a program expects them; `flags` on top. Takes the files' memory back.
static int spawn(
    const char *path, char *const arguments[], char *const environment[], posix_spawn_file_actions_t *files, int failure, short flags,
    pid_t *pid) {
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if (failure == 0) failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
        failure = posix_spawnattr_setsigmask(&attributes, &none);
        if (failure == 0) failure = posix_spawnattr_setsigdefault(&attributes, &all);
        if (failure == 0)
            failure = posix_spawnattr_setflags(&attributes, (short)(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
        if (failure == 0) failure = posix_spawn(pid, path, files, &attributes, arguments, environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(files);
    if (failure == 0) return 0;
    errno = failure;
    return -1;
}

int cco_spawn_with_input(
    const char *path, char *const arguments[], char *const environment[], int input, pid_t *pid) {
    posix_spawn_file_actions_t files;
    int failure = posix_spawn_file_actions_init(&files);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    failure = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    if (failure == 0) failure = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_RDWR, 0);
    if (failure == 0) failure = posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    return spawn(path, arguments, environment, &files, failure, POSIX_SPAWN_SETSID, pid);
}

int cco_spawn(
    const char *path, char *const arguments[], char *const environment[], const char *directory, int output, int errors, pid_t *pid) {
    int const given[2] = {output, errors};
    posix_spawn_file_actions_t files;
    int failure = posix_spawn_file_actions_init(&files);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    failure = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (int i = 0; i < 2 && failure == 0; ++i)
        failure = given[i] < 0 ? posix_spawn_file_actions_addopen(&files, STDOUT_FILENO + i, "/dev/null", O_WRONLY, 0)
                               : posix_spawn_file_actions_adddup2(&files, given[i], STDOUT_FILENO + i);
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    if (failure == 0 && directory != NULL) failure = posix_spawn_file_actions_addchdir_np(&files, directory);
    return spawn(path, arguments, environment, &files, failure, 0, pid);
}

int cco_set_nonblocking(int fd) {
    int const flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}
