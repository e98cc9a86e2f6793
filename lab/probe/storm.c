/* prober storm: floods the LAN with ARP, for a few seconds at most: questions for an address from many hosts that are not there, or with
   --claim announcements of it; with --addresses for so many that follow it, one after the other. Frames go out in batches (sendmmsg), spaced so that the rate is kept; what was sent is told at the end. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define BATCH 64
#define FRAME 42

static void put(uint8_t *frame, bool claim, const uint8_t *address, uint32_t host) {
  uint8_t mac[6] = {0x02, 0xbb, host >> 24, host >> 16, host >> 8, host}, ip[4] = {10, host >> 16, host >> 8, host};
  memset(frame, 0xff, 6);
  memcpy(frame + 6, mac, 6);
  memcpy(frame + 12, (uint8_t[]){0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, claim ? 2 : 1}, 10);
  memcpy(frame + 22, mac, 6);
  memcpy(frame + 28, claim ? address : ip, 4);
  memset(frame + 32, 0, 6);
  memcpy(frame + 38, address, 4);
}

int run_storm(int argc, char **argv) {
  uint8_t address[4], frames[BATCH][FRAME];
  errno = 0;
  if (inet_pton(AF_INET, argv[0], address) != 1) fail("%s is no IPv4 address", argv[0]);
  int64_t rate = number(argc, argv, "rate", 100000, BATCH, 1000000), seconds = number(argc, argv, "seconds", 2, 1, 10);
  uint32_t hosts = (uint32_t)number(argc, argv, "hosts", 1000000, 1, 16000000);
  uint32_t addresses = (uint32_t)number(argc, argv, "addresses", 1, 1, 65536), first;
  memcpy(&first, address, sizeof first);
  bool claim = flag(argc, argv, "claim");
  struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(option(argc, argv, "interface", "eth0"))};
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&link, sizeof link)) fail("packet socket");
  struct iovec pieces[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < BATCH; i++) {
    pieces[i] = (struct iovec){.iov_base = frames[i], .iov_len = FRAME};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  long long sent = 0;
  int64_t start = now_ns(), end = start + seconds * 1000000000;
  printf("{\"event\":\"start\",\"t\":%lld}\n", (long long)start);
  while (!stopping && now_ns() < end) {
    for (int i = 0; i < BATCH; i++) {
      uint32_t target = htonl(ntohl(first) + (uint32_t)(sent + i) % addresses);
      memcpy(address, &target, sizeof target);
      put(frames[i], claim, address, (uint32_t)(sent + i) % hosts);
    }
    int done = sendmmsg(fd, messages, BATCH, 0);
    if (done < 0 && errno != ENOBUFS) fail("send");
    sent += BATCH; /* what found no room is lost, as on a wire */
    int64_t due = start + sent * 1000000000 / rate;
    struct timespec at = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    if (due > now_ns()) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
  }
  double took = (double)(now_ns() - start) / 1e9;
  printf("{\"event\":\"summary\",\"sent\":%lld,\"seconds\":%.3f,\"perSecond\":%.0f}\n", sent, took, (double)sent / took);
  return 0;
}
