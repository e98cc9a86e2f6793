/* prober ask: how fast an address is answered. One question at a time: back to back with --interval-us 0, else paced.
   With --samples a line before the summary holds every latency, in the order of the questions; nothing is written while it asks. */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "neighbour.h"
#include "probe.h"

#define MACS_MAX 16

struct tally {
  uint8_t mac[MACS_MAX][6];
  long count[MACS_MAX];
  int macs;
};

static void count_mac(struct tally *tally, const uint8_t *mac) {
  int i = 0;
  while (i < tally->macs && memcmp(tally->mac[i], mac, 6)) i++;
  if (i == MACS_MAX) return;
  if (i == tally->macs) memcpy(tally->mac[tally->macs++], mac, 6);
  tally->count[i]++;
}

static int ascending(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return left < right ? -1 : left > right;
}

static void sleep_until(int64_t time) {
  struct timespec at = {.tv_sec = time / 1000000000, .tv_nsec = time % 1000000000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static long long rank(const int64_t *sorted, long count, int percent) {
  return count ? (long long)sorted[(count - 1) * percent / 100] : 0;
}

int run_ask(int argc, char **argv) {
  long count = (long)number(argc, argv, "count", 100, 1, 100000000);
  int64_t interval = number(argc, argv, "interval-us", 0, 0, 60000000) * 1000;
  int64_t timeout = number(argc, argv, "timeout-ms", 1000, 1, 60000) * 1000000;
  bool each = flag(argc, argv, "each"), samples = flag(argc, argv, "samples");
  struct asker asker;
  struct seen seen;
  struct tally tally = {0};
  asker_open(&asker, argv[0], option(argc, argv, "interface", "eth0"), option(argc, argv, "source", ""));
  int64_t *latency = calloc((size_t)count, sizeof *latency), next = now_ns(), start = next, sum = 0;
  long asked = 0, answered = 0, extra = 0, gratuitous = 0;
  char text[18];
  if (!latency) fail("memory for %ld answers", count);
  for (; asked < count && !stopping; asked++) {
    while (asker_receive(&asker, 0, &seen)) { /* a second answer to an earlier question: somebody else has it too */
      if (seen.kind == ANSWER) extra++, count_mac(&tally, seen.mac);
      else gratuitous++;
    }
    int64_t sent = now_ns();
    asker_send(&asker);
    bool got = false;
    while (!got && asker_receive(&asker, sent + timeout, &seen)) {
      if (seen.kind == ANSWER) got = true;
      else gratuitous++;
    }
    if (got) {
      int64_t took = now_ns() - sent;
      latency[answered++] = took;
      sum += took;
      count_mac(&tally, seen.mac);
      mac_text(seen.mac, text);
      if (each) printf("{\"event\":\"answer\",\"t\":%lld,\"ns\":%lld,\"mac\":\"%s\"}\n", (long long)sent, (long long)took, text);
    } else if (each) {
      printf("{\"event\":\"silence\",\"t\":%lld}\n", (long long)sent);
    }
    next += interval;
    if (interval && asked + 1 < count) sleep_until(next);
  }
  int64_t ended = now_ns();
  while (asker_receive(&asker, ended + 2000000, &seen)) {
    if (seen.kind == ANSWER) extra++, count_mac(&tally, seen.mac);
  }
  if (samples) { /* before they are sorted */
    printf("{\"event\":\"samples\",\"ns\":[");
    for (long i = 0; i < answered; i++) printf("%s%lld", i ? "," : "", (long long)latency[i]);
    printf("]}\n");
  }
  qsort(latency, (size_t)answered, sizeof *latency, ascending);
  printf("{\"event\":\"summary\",\"address\":\"%s\",\"asked\":%ld,\"answered\":%ld,\"extra\":%ld,\"gratuitous\":%ld,\"seconds\":%.6f,\"macs\":{",
         argv[0], asked, answered, extra, gratuitous, (double)(ended - start) / 1e9);
  for (int i = 0; i < tally.macs; i++) {
    mac_text(tally.mac[i], text);
    printf("%s\"%s\":%ld", i ? "," : "", text, tally.count[i]);
  }
  printf("},\"ns\":{\"min\":%lld,\"p50\":%lld,\"p90\":%lld,\"p99\":%lld,\"max\":%lld,\"mean\":%lld}}\n", rank(latency, answered, 0),
         rank(latency, answered, 50), rank(latency, answered, 90), rank(latency, answered, 99), rank(latency, answered, 100),
         answered ? (long long)(sum / answered) : 0);
  free(latency);
  return answered ? 0 : 1;
}
