// A guard that stands: one program after the other, each asked for over a socket with its three standard streams.
// After each it says in one line how it ended: `exit CODE`, `signal NUMBER`, `cannot-run WHY`, `cannot-enter WHY` (its directory), or
// `stuck`. By then nothing of it is left, so whatever its pipes hold is all there will ever be.
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// More than the system takes for arguments and variables together.
static uint32_t const REQUEST_MAX_BYTES = 16 * 1024 * 1024;

struct request {
    struct request_header header;
    int files[3];
    // The strings.
    char *text;
    // Where they begin: the program's arguments, NULL, the variables, the marker, NULL.
    char **words;
};

// A whole message, or false: the agent has gone.
static bool receive(int control, void *bytes, size_t count) {
    char *place = bytes;
    while (count > 0) {
        ssize_t const got = recv(control, place, count, MSG_WAITALL);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        place += got;
        count -= (size_t)got;
    }
    return true;
}

// A header and the descriptors that come with it; false: the agent has gone, or says what it must not.
static bool receive_header(int control, struct request *request) {
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof request->files)];
    } extra;
    struct iovec part = {.iov_base = &request->header, .iov_len = sizeof request->header};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &extra, .msg_controllen = sizeof extra};
    ssize_t got;
    do got = recvmsg(control, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof request->header) return false;
    if (request->header.kind != REQUEST_RUN) return true;
    struct cmsghdr const *const files = CMSG_FIRSTHDR(&message);
    if (files == NULL || files->cmsg_level != SOL_SOCKET || files->cmsg_type != SCM_RIGHTS ||
        files->cmsg_len != CMSG_LEN(sizeof request->files))
        return false;
    memcpy(request->files, CMSG_DATA(files), sizeof request->files);
    return true;
}

// The strings of a run, taken apart; false as above.
static bool receive_strings(int control, struct request *request, char *marker) {
    struct request_header const *const header = &request->header;
    if (header->bytes == 0 || header->bytes > REQUEST_MAX_BYTES || header->arguments == 0) return false;
    if (header->arguments > header->bytes || header->variables > header->bytes) return false;
    request->text = malloc(header->bytes);
    request->words = calloc((size_t)header->arguments + header->variables + 3, sizeof *request->words);
    if (request->text == NULL || request->words == NULL) return false;
    if (!receive(control, request->text, header->bytes)) return false;
    if (request->text[header->bytes - 1] != '\0') return false;

    char *const end = request->text + header->bytes;
    char *next = request->text + strlen(request->text) + 1;
    size_t word = 0;
    for (uint32_t count = 0; count < header->arguments + header->variables; count++) {
        if (next >= end) return false;
        if (count == header->arguments) request->words[word++] = NULL;
        request->words[word++] = next;
        next += strlen(next) + 1;
    }
    if (header->variables == 0) request->words[word++] = NULL;
    request->words[word] = marker;
    return next == end;
}

static void say(int control, char const *what, int number) { (void)dprintf(control, "%s %d\n", what, number); }

// False: the agent has gone.
static bool run(struct options const *options, struct ears const *ears, struct request *request, char *marker) {
    if (!receive_strings(ears->control, request, marker)) return false;
    struct start const start = {
        .program = request->words,
        .environment = request->words + request->header.arguments + 1,
        .directory = request->text,
        .files = request->files,
        .own_session = true,
    };
    bool entered = false;
    pid_t const program = start_program(&start, &entered);
    int const failure = errno;
    for (int stream = 0; stream < 3; stream++)
        close(request->files[stream]);
    if (program < 0) {
        (void)dprintf(ears->control, "%s %s\n", entered ? "cannot-run" : "cannot-enter", strerror(failure));
        return true;
    }
    struct ending const ending = watch(options, program, ears);
    if (ending.stuck) {
        (void)dprintf(ears->control, "stuck -\n");
        exit(EXIT_STUCK);
    }
    if (ending.alone) return false;
    if (WIFSIGNALED(ending.status))
        say(ears->control, "signal", WTERMSIG(ending.status));
    else
        say(ears->control, "exit", WEXITSTATUS(ending.status));
    return true;
}

// Until a request is there; false: the agent has gone, or somebody ends this guard.
static bool wait_for_request(struct options const *options, struct ears const *ears) {
    for (;;) {
        struct pollfd wait[3] = {
            {.fd = ears->control, .events = POLLIN},
            {.fd = ears->signals, .events = POLLIN},
            {.fd = ears->parent, .events = POLLIN},
        };
        (void)poll(wait, 3, -1);
        struct asked asked = {0};
        if (wait[1].revents != 0) read_signals(ears->signals, &asked);
        if (asked.orderly || asked.at_once || wait[2].revents != 0 || getppid() != options->parent) return false;
        if (wait[0].revents != 0) return true;
    }
}

_Noreturn void serve(struct options const *options, struct ears *ears) {
    ears->control = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (ears->control < 0) die("the socket to the agent", EXIT_CANNOT_RUN);
    let_go_of_pipes();
    char *marker = NULL;
    if (options->marker != NULL && asprintf(&marker, "%s=%s", MARKER_VARIABLE, options->marker) < 0)
        die("asprintf", EXIT_CANNOT_RUN);
    while (wait_for_request(options, ears)) {
        struct request request = {.text = NULL, .words = NULL};
        if (!receive_header(ears->control, &request)) break;
        // A word to a program that has just ended.
        if (request.header.kind != REQUEST_RUN) continue;
        if (!run(options, ears, &request, marker)) break;
        free(request.text);
        free(request.words);
    }
    // Whoever ends it between two programs leaves nothing below it.
    exit(EXIT_SUCCESS);
}
