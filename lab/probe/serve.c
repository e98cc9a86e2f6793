/* prober serve: stands for a pod. Answers HTTP on TCP ports with a text (the node's name) and the client's address as this side
   sees it, and sends UDP datagrams back with the text before them. A connection whose request never comes keeps nobody else waiting. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

#define PORTS_MAX 64
#define WAITING_MAX 512

static void peer_text(const struct sockaddr_storage *peer, char *text) {
  if (peer->ss_family == AF_INET) inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, text, INET6_ADDRSTRLEN);
  else inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)peer)->sin6_addr, text, INET6_ADDRSTRLEN);
}

/* Connections whose request has not come yet. */
static struct {
  int fd;
  int64_t until;
} waiting[WAITING_MAX];
static int waiting_count;

static void let_go(int i) {
  close(waiting[i].fd);
  waiting[i] = waiting[--waiting_count];
}

/* Requests of probers come in one segment; who sends none within a second is let go, and the oldest if there are too many. */
static void take_connection(int listener) {
  int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) return;
  if (waiting_count == WAITING_MAX) let_go(0);
  waiting[waiting_count].fd = connection;
  waiting[waiting_count++].until = now_ns() + 1000000000;
}

/* One request, one answer. */
static void answer_tcp(int i, const char *text) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  char request[4096], from[INET6_ADDRSTRLEN];
  if (read(waiting[i].fd, request, sizeof request) > 0 && !getpeername(waiting[i].fd, (struct sockaddr *)&peer, &size)) {
    peer_text(&peer, from);
    dprintf(waiting[i].fd, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nX-Client: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n", from,
            strlen(text) + 1, text);
  }
  let_go(i);
}

static void answer_udp(int socket, const char *text) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  char data[2048];
  size_t prefix = (size_t)snprintf(data, sizeof data / 2, "%s: ", text);
  ssize_t length = recvfrom(socket, data + prefix, sizeof data - prefix, MSG_DONTWAIT, (struct sockaddr *)&peer, &size);
  if (length >= 0) sendto(socket, data, prefix + (size_t)length, 0, (struct sockaddr *)&peer, size);
}

int run_serve(int argc, char **argv) {
  struct pollfd sockets[PORTS_MAX + WAITING_MAX];
  bool tcp[PORTS_MAX];
  int count = 0, one = 1;
  for (int i = 2; i < argc && count < PORTS_MAX; i++, count++) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool ipv4 = inet_pton(AF_INET, argv[0], &v4.sin_addr) == 1;
    tcp[count] = !strncmp(argv[i], "tcp:", 4);
    int port = strlen(argv[i]) > 4 ? atoi(argv[i] + 4) : 0;
    errno = 0;
    if (!ipv4 && inet_pton(AF_INET6, argv[0], &v6.sin6_addr) != 1) fail("%s is neither an IPv4 nor an IPv6 address", argv[0]);
    if (port < 1 || port > 65535 || (!tcp[count] && strncmp(argv[i], "udp:", 4))) fail("%s: allowed is tcp:PORT or udp:PORT", argv[i]);
    v4.sin_port = v6.sin6_port = htons((uint16_t)port);
    int fd = socket(ipv4 ? AF_INET : AF_INET6, (tcp[count] ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, ipv4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, ipv4 ? sizeof v4 : sizeof v6)) fail("%s on %s", argv[i], argv[0]);
    if (tcp[count] && listen(fd, 512)) fail("listen");
    sockets[count] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
  puts("{\"event\":\"start\"}");
  while (!stopping) {
    for (int i = 0; i < waiting_count; i++) sockets[count + i] = (struct pollfd){.fd = waiting[i].fd, .events = POLLIN};
    int polled = waiting_count;
    if (poll(sockets, (nfds_t)(count + polled), polled ? 100 : -1) < 0) continue; /* a signal */
    for (int i = polled - 1; i >= 0; i--) { /* downwards: letting go moves the last one here */
      if (sockets[count + i].revents) answer_tcp(i, argv[1]);
      else if (now_ns() > waiting[i].until) let_go(i);
    }
    for (int i = 0; i < count; i++) {
      if (!sockets[i].revents) continue;
      if (tcp[i]) take_connection(sockets[i].fd);
      else answer_udp(sockets[i].fd, argv[1]);
    }
  }
  return 0;
}
