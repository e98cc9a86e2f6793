/* prober relay: a TCP port on this namespace's loopback that leads to an address in another network namespace. So programs
   outside the lab (its tests, kubectl in a user's shell) reach the API server inside. A listening socket stays in the
   namespace in which it was made; the process moves on to the other one and connects from there. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

/* Copies what is there; false at the end of the stream or on an error. */
static bool copy(int from, int to) {
  char buffer[65536];
  ssize_t length = read(from, buffer, sizeof buffer), done = 0;
  while (done < length) {
    ssize_t written = write(to, buffer + done, (size_t)(length - done));
    if (written < 0) return false;
    done += written;
  }
  return length > 0;
}

static _Noreturn void serve(int near, const struct sockaddr_in *target) {
  int far = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (connect(far, (const struct sockaddr *)target, sizeof *target)) exit(1);
  setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct pollfd ends[2] = {{.fd = near, .events = POLLIN}, {.fd = far, .events = POLLIN}};
  for (int closed = 0; closed < 2;) {
    if (poll(ends, 2, -1) < 0) exit(1);
    for (int i = 0; i < 2; i++) {
      int from = ends[i].fd, to = i ? near : far;
      if (!ends[i].revents || copy(from, to)) continue;
      shutdown(to, SHUT_WR);
      ends[i].fd = -1;
      closed++;
    }
  }
  exit(0);
}

int run_relay(int argc, char **argv) {
  struct sockaddr_in near = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, far = {.sin_family = AF_INET};
  near.sin_port = htons((uint16_t)number(argc, argv, "listen-port", 0, 0, 65535));
  far.sin_port = htons((uint16_t)number(argc, argv, "port", 6443, 1, 65535));
  const char *file = option(argc, argv, "netns", ""), *address = option(argc, argv, "address", "");
  if (inet_pton(AF_INET, address, &far.sin_addr) != 1) fail("--address %s is no IPv4 address", address);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, namespace = open(file, O_RDONLY | O_CLOEXEC);
  socklen_t size = sizeof near;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&near, size) || listen(listener, 128)) fail("listen on port %d", ntohs(near.sin_port));
  getsockname(listener, (struct sockaddr *)&near, &size);
  if (namespace < 0 || setns(namespace, CLONE_NEWNET)) fail("--netns %s", file);
  signal(SIGCHLD, SIG_IGN);
  printf("{\"event\":\"listening\",\"port\":%d}\n", ntohs(near.sin_port));
  while (!stopping) {
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0) continue; /* a signal */
    if (!fork()) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(listener);
      signal(SIGINT, SIG_DFL), signal(SIGTERM, SIG_DFL);
      serve(connection, &far);
    }
    close(connection);
  }
  return 0;
}
