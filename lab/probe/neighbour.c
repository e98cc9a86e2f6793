#define _GNU_SOURCE
#include "neighbour.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "probe.h"

#define NEIGHBOUR_SOLICITATION 135
#define NEIGHBOUR_ADVERTISEMENT 136
#define IPV6_START 14
#define ICMP_START (IPV6_START + 40)

static void own_address(struct asker *asker, const char *interface) {
  struct ifaddrs *list, *item;
  bool found = false;
  if (getifaddrs(&list)) fail("getifaddrs");
  for (item = list; item; item = item->ifa_next) {
    if (!item->ifa_addr || strcmp(item->ifa_name, interface)) continue;
    if (!asker->ipv6 && item->ifa_addr->sa_family == AF_INET) {
      memcpy(asker->own, &((struct sockaddr_in *)item->ifa_addr)->sin_addr, 4);
      found = true;
    } else if (asker->ipv6 && item->ifa_addr->sa_family == AF_INET6) {
      struct in6_addr *address = &((struct sockaddr_in6 *)item->ifa_addr)->sin6_addr;
      if (found && IN6_IS_ADDR_LINKLOCAL(address)) continue; /* of the target's kind if there is one */
      memcpy(asker->own, address, 16);
      found = true;
    }
  }
  freeifaddrs(list);
  errno = 0;
  if (!found) fail("interface %s has no %s address to ask from", interface, asker->ipv6 ? "IPv6" : "IPv4");
}

static void make_arp(struct asker *asker) {
  uint8_t *frame = asker->request;
  memset(frame, 0xff, 6);
  memcpy(frame + 6, asker->mac, 6);
  memcpy(frame + 12, (uint8_t[]){0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1}, 10);
  memcpy(frame + 22, asker->mac, 6);
  memcpy(frame + 28, asker->own, 4);
  memset(frame + 32, 0, 6);
  memcpy(frame + 38, asker->target, 4);
  asker->request_length = 42;
}

static uint32_t sum16(const uint8_t *bytes, int length, uint32_t sum) {
  for (int i = 0; i < length; i += 2) sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
  return sum;
}

/* A neighbour solicitation to the solicited-node group (RFC 4861 section 4.3, RFC 4291 section 2.7.1). */
static void make_solicitation(struct asker *asker) {
  uint8_t *frame = asker->request, *ip = frame + IPV6_START, *icmp = frame + ICMP_START;
  uint8_t group[16] = {0xff, 0x02, [11] = 1, [12] = 0xff};
  memcpy(group + 13, asker->target + 13, 3);
  memcpy(frame, (uint8_t[]){0x33, 0x33, 0xff, group[13], group[14], group[15]}, 6);
  memcpy(frame + 6, asker->mac, 6);
  memcpy(frame + 12, (uint8_t[]){0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255}, 10);
  memcpy(ip + 8, asker->own, 16);
  memcpy(ip + 24, group, 16);
  memcpy(icmp, (uint8_t[]){NEIGHBOUR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0}, 8);
  memcpy(icmp + 8, asker->target, 16);
  memcpy(icmp + 24, (uint8_t[]){1, 1}, 2); /* option: source link-layer address */
  memcpy(icmp + 26, asker->mac, 6);
  uint32_t sum = sum16(ip + 8, 32, 32 + 58);
  sum = sum16(icmp, 32, sum);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  icmp[2] = ~sum >> 8 & 0xff;
  icmp[3] = ~sum & 0xff;
  asker->request_length = ICMP_START + 32;
}

void asker_open(struct asker *asker, const char *address, const char *interface, const char *source) {
  memset(asker, 0, sizeof *asker);
  if (inet_pton(AF_INET, address, asker->target) != 1) {
    errno = 0;
    if (inet_pton(AF_INET6, address, asker->target) != 1) fail("%s is neither an IPv4 nor an IPv6 address", address);
    asker->ipv6 = true;
  }
  int protocol = htons(asker->ipv6 ? ETH_P_IPV6 : ETH_P_ARP);
  asker->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (asker->socket < 0) fail("packet socket");
  struct ifreq request = {0};
  strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  if (ioctl(asker->socket, SIOCGIFINDEX, &request)) fail("interface %s", interface);
  asker->interface = request.ifr_ifindex;
  if (ioctl(asker->socket, SIOCGIFHWADDR, &request)) fail("interface %s", interface);
  memcpy(asker->mac, request.ifr_hwaddr.sa_data, 6);
  struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_protocol = protocol, .sll_ifindex = asker->interface};
  if (bind(asker->socket, (struct sockaddr *)&link, sizeof link)) fail("bind to %s", interface);
  if (asker->ipv6) { /* unsolicited advertisements go to all nodes; the card must not filter them */
    struct packet_mreq all = {.mr_ifindex = asker->interface, .mr_type = PACKET_MR_ALLMULTI};
    setsockopt(asker->socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
  }
  errno = 0;
  if (!*source) own_address(asker, interface);
  else if (inet_pton(asker->ipv6 ? AF_INET6 : AF_INET, source, asker->own) != 1) fail("--source %s is not of the family of %s", source, address);
  if (asker->ipv6) make_solicitation(asker);
  else make_arp(asker);
}

void asker_send(struct asker *asker) {
  /* ENETDOWN and the like: our own cable is out. That is an unanswered question, not an error of ours. */
  ssize_t sent = send(asker->socket, asker->request, (size_t)asker->request_length, 0);
  if (sent < 0 && errno != ENETDOWN && errno != ENOBUFS && errno != ENXIO) fail("send");
}

static bool read_arp(const struct asker *asker, const uint8_t *frame, ssize_t length, struct seen *seen) {
  if (length < 42 || memcmp(frame + 28, asker->target, 4)) return false; /* the sender claims the address */
  seen->operation = frame[20] << 8 | frame[21];
  memcpy(seen->mac, frame + 22, 6);
  if (!memcmp(frame + 38, asker->target, 4)) seen->kind = GRATUITOUS;
  else if (seen->operation == 2 && !memcmp(frame + 38, asker->own, 4)) seen->kind = ANSWER;
  else return false;
  return true;
}

static bool read_advertisement(const struct asker *asker, const uint8_t *frame, ssize_t length, struct seen *seen) {
  const uint8_t *icmp = frame + ICMP_START;
  if (length < ICMP_START + 24 || frame[IPV6_START + 6] != 58 || frame[IPV6_START + 7] != 255) return false;
  if (icmp[0] != NEIGHBOUR_ADVERTISEMENT || memcmp(icmp + 8, asker->target, 16)) return false;
  if (icmp[4] & 0x40 && memcmp(frame + IPV6_START + 24, asker->own, 16)) return false; /* asked for by somebody else */
  seen->operation = NEIGHBOUR_ADVERTISEMENT;
  memcpy(seen->mac, frame + 6, 6);
  for (ssize_t at = ICMP_START + 24; at + 8 <= length && frame[at + 1]; at += frame[at + 1] * 8) {
    if (frame[at] == 2) memcpy(seen->mac, frame + at + 2, 6); /* option: target link-layer address */
  }
  seen->kind = icmp[4] & 0x40 ? ANSWER : GRATUITOUS; /* the S flag */
  return true;
}

bool asker_receive(struct asker *asker, int64_t deadline, struct seen *seen) {
  uint8_t frame[FRAME_MAX];
  for (;;) {
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(asker->socket, frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (length >= 0) {
      if (from.sll_pkttype == PACKET_OUTGOING) continue;
      seen->broadcast = frame[0] & 1;
      if (asker->ipv6 ? read_advertisement(asker, frame, length, seen) : read_arp(asker, frame, length, seen)) return true;
      continue;
    }
    if (errno != EAGAIN && errno != EINTR && errno != ENETDOWN) fail("receive");
    int64_t wait = deadline - now_ns();
    if (wait <= 0 || stopping) return false;
    struct pollfd event = {.fd = asker->socket, .events = POLLIN};
    struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    ppoll(&event, 1, &timeout, NULL);
  }
}

void mac_text(const uint8_t *mac, char text[18]) {
  sprintf(text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}
