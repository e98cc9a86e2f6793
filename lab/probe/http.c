/* prober http: a new connection and a GET at every interval, whatever became of the earlier ones, as independent clients do.
   Reports each change (works, fails, other body) and the longest time without a success. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define OPEN_MAX_ATTEMPTS 512
#define BODY_MAX 128

struct attempt {
  int64_t start;
  bool connected;
  size_t length;
  char reply[2048];
};

struct outcome {
  long attempts, ok, failed;
  int64_t last_ok, longest, longest_from;
  char state[BODY_MAX + 16]; /* last body, or "!" and the error */
  bool each;
};

static struct pollfd events[OPEN_MAX_ATTEMPTS];
static struct attempt attempts[OPEN_MAX_ATTEMPTS];
static int open_count;

/* Copies text as the inside of a JSON string; what would need an escape becomes a space. */
static void clean(char *to, const char *from, size_t size) {
  size_t n = 0;
  for (; *from && n + 1 < size; from++) to[n++] = *from < ' ' || *from == '"' || *from == '\\' || *from == 127 ? ' ' : *from;
  while (n && to[n - 1] == ' ') n--;
  to[n] = 0;
}

static void close_attempt(int i) {
  close(events[i].fd);
  events[i] = events[--open_count];
  attempts[i] = attempts[open_count];
}

static void finish(struct outcome *outcome, int i, const char *error) {
  int64_t now = now_ns(), took = now - attempts[i].start;
  char text[BODY_MAX], state[BODY_MAX + 16];
  const char *body = "";
  if (!error) {
    attempts[i].reply[attempts[i].length] = 0;
    body = strstr(attempts[i].reply, "\r\n\r\n");
    if (strncmp(attempts[i].reply, "HTTP/1.", 7) || !body) error = "no HTTP answer";
    else if (attempts[i].reply[9] != '2') error = "status is not 2xx";
    else body += 4;
  }
  clean(text, error ? error : body, sizeof text);
  snprintf(state, sizeof state, "%s%s", error ? "!" : "", text);
  if (error) {
    outcome->failed++;
  } else {
    outcome->ok++;
    int64_t gap = outcome->last_ok ? now - outcome->last_ok : 0;
    if (gap > outcome->longest) outcome->longest = gap, outcome->longest_from = outcome->last_ok;
    outcome->last_ok = now;
  }
  if (outcome->each || strcmp(state, outcome->state)) {
    printf("{\"event\":\"%s\",\"t\":%lld,\"started\":%lld,\"ns\":%lld,\"%s\":\"%s\"}\n", error ? "failed" : "ok", (long long)now,
           (long long)attempts[i].start, (long long)took, error ? "error" : "body", text);
  }
  strcpy(outcome->state, state);
  close_attempt(i);
}

static void begin(struct outcome *outcome, const struct sockaddr *address, socklen_t size) {
  outcome->attempts++;
  if (open_count == OPEN_MAX_ATTEMPTS) return;
  int i = open_count++;
  attempts[i].start = now_ns(), attempts[i].length = 0, attempts[i].connected = false;
  events[i].fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  events[i].events = POLLOUT, events[i].revents = 0;
  if (events[i].fd < 0) fail("socket");
  if (connect(events[i].fd, address, size) && errno != EINPROGRESS) finish(outcome, i, strerror(errno));
}

static void progress(struct outcome *outcome, int i, const char *request) {
  struct attempt *attempt = &attempts[i];
  int fd = events[i].fd;
  if (!attempt->connected) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (!error && write(fd, request, strlen(request)) < 0) error = errno;
    if (error) finish(outcome, i, strerror(error));
    else attempt->connected = true, events[i].events = POLLIN;
    return;
  }
  ssize_t got = read(fd, attempt->reply + attempt->length, sizeof attempt->reply - 1 - attempt->length);
  if (got > 0 && attempt->length + (size_t)got < sizeof attempt->reply - 1) attempt->length += (size_t)got;
  else if (got < 0 && errno == EAGAIN) return;
  else finish(outcome, i, got < 0 ? strerror(errno) : NULL);
}

int run_http(int argc, char **argv) {
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  bool ipv4 = inet_pton(AF_INET, argv[0], &v4.sin_addr) == 1;
  errno = 0;
  if (!ipv4 && inet_pton(AF_INET6, argv[0], &v6.sin6_addr) != 1) fail("%s is neither an IPv4 nor an IPv6 address", argv[0]);
  int port = atoi(argv[1]);
  if (port < 1 || port > 65535) fail("%s is no port", argv[1]);
  v4.sin_port = v6.sin6_port = htons((uint16_t)port);
  const struct sockaddr *address = ipv4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
  socklen_t size = ipv4 ? sizeof v4 : sizeof v6;

  int64_t interval = number(argc, argv, "interval-ms", 50, 1, 60000) * 1000000;
  int64_t timeout = number(argc, argv, "timeout-ms", 1000, 1, 60000) * 1000000;
  int64_t seconds = number(argc, argv, "seconds", 0, 0, 86400);
  char request[512];
  snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n", option(argc, argv, "path", "/"), argv[0]);

  struct outcome outcome = {.each = flag(argc, argv, "each")};
  int64_t start = now_ns(), end = seconds ? start + seconds * 1000000000 : INT64_MAX, next = start;
  printf("{\"event\":\"start\",\"t\":%lld,\"address\":\"%s\",\"port\":%d,\"intervalMs\":%lld}\n", (long long)start, argv[0], port,
         (long long)(interval / 1000000));
  while (!stopping && now_ns() < end) {
    if (now_ns() >= next) {
      begin(&outcome, address, size);
      next += interval;
      if (next < now_ns()) next = now_ns() + interval;
    }
    int64_t wait = next - now_ns();
    struct timespec limit = {.tv_sec = 0, .tv_nsec = wait < 0 ? 0 : wait > 50000000 ? 50000000 : wait};
    ppoll(events, (nfds_t)open_count, &limit, NULL);
    for (int i = open_count - 1; i >= 0; i--) { /* downwards: finishing moves the last one here */
      if (events[i].revents) progress(&outcome, i, request);
      else if (now_ns() - attempts[i].start > timeout) finish(&outcome, i, "timeout");
    }
  }
  int64_t ended = now_ns();
  if (outcome.last_ok && outcome.state[0] == '!' && ended - outcome.last_ok > outcome.longest) {
    outcome.longest = ended - outcome.last_ok, outcome.longest_from = outcome.last_ok;
  }
  printf("{\"event\":\"summary\",\"t\":%lld,\"attempts\":%ld,\"ok\":%ld,\"failed\":%ld,\"unfinished\":%d,\"longestGapNs\":%lld,\"longestGapFrom\":%lld}\n",
         (long long)ended, outcome.attempts, outcome.ok, outcome.failed, open_count, (long long)outcome.longest, (long long)outcome.longest_from);
  return outcome.ok ? 0 : 1;
}
