/* An outside witness for the lab: asks for addresses as any host on the LAN would, and writes down who answered and when.
   It shares no code with what it watches. One program with several modes; see usage(). */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "probe.h"

volatile sig_atomic_t stopping;

static void on_signal(int signal_number) {
  (void)signal_number;
  stopping = 1;
}

void fail(const char *format, ...) {
  int saved = errno;
  va_list arguments;
  va_start(arguments, format);
  fputs("prober: ", stderr);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, saved ? ": %s\n" : "\n", strerror(saved));
  exit(2);
}

int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

const char *option(int argc, char **argv, const char *name, const char *fallback) {
  for (int i = 0; i < argc; i++) {
    if (strncmp(argv[i], "--", 2) || strcmp(argv[i] + 2, name)) continue;
    if (i + 1 == argc) errno = 0, fail("--%s needs a value", name);
    return argv[i + 1];
  }
  return fallback;
}

long long number(int argc, char **argv, const char *name, long long fallback, long long least, long long most) {
  const char *text = option(argc, argv, name, NULL);
  if (!text) return fallback;
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno || end == text || *end || value < least || value > most) {
    errno = 0;
    fail("--%s %s: allowed is a whole number from %lld to %lld", name, text, least, most);
  }
  return value;
}

bool flag(int argc, char **argv, const char *name) {
  for (int i = 0; i < argc; i++) {
    if (!strncmp(argv[i], "--", 2) && !strcmp(argv[i] + 2, name)) return true;
  }
  return false;
}

static int usage(void) {
  fputs("usage: prober ask ADDRESS [--interface eth0] [--source ADDRESS] [--count 100] [--interval-us 0] [--timeout-ms 1000] [--each] [--samples]\n"
        "       prober watch ADDRESS [--interface eth0] [--source ADDRESS] [--interval-ms 10] [--patience-ms 1 interval] [--dark-ms 3 intervals]\n"
        "             [--seconds 0 = until SIGTERM]\n"
        "       prober http ADDRESS PORT [--interval-ms 50] [--timeout-ms 1000] [--seconds 0] [--path /] [--each]\n"
        "       prober answer ADDRESS [--interface eth0]\n"
        "       prober relay --listen-port 0 --netns FILE --address ADDRESS --port PORT\n"
        "       prober serve ADDRESS TEXT tcp:PORT|udp:PORT...\n"
        "       prober storm ADDRESS [--interface eth0] [--rate 100000] [--seconds 2] [--hosts 1000000] [--addresses 1] [--claim]\n"
        "ADDRESS may be IPv4 (ARP) or IPv6 (neighbour discovery).\n", stderr);
  return 2;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* no prober outlives the lab */
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  const char *mode = argc > 1 ? argv[1] : "";
  argc -= 2, argv += 2;
  if (!strcmp(mode, "ask") || !strcmp(mode, "arp")) return argc < 1 ? usage() : run_ask(argc, argv);
  if (!strcmp(mode, "watch")) return argc < 1 ? usage() : run_watch(argc, argv);
  if (!strcmp(mode, "http")) return argc < 2 ? usage() : run_http(argc, argv);
  if (!strcmp(mode, "serve")) return argc < 3 ? usage() : run_serve(argc, argv);
  if (!strcmp(mode, "storm")) return argc < 1 ? usage() : run_storm(argc, argv);
  if (!strcmp(mode, "answer")) return argc < 1 ? usage() : run_answer(argc, argv);
  if (!strcmp(mode, "relay")) return run_relay(argc, argv);
  return usage();
}
