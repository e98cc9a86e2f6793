/* prober answer: answers ARP requests for an address, in the way that any program outside the kernel must that waits for other things, too (epoll, recvfrom,
   sendto, and a look whether there is more). It decides nothing, so what it takes is what the machine takes: the floor for a real one. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "neighbour.h"
#include "probe.h"

/* Only requests for the address wake us; an unbound socket, as there may be many interfaces. */
static int open_socket(uint32_t address) {
  struct sock_filter code[] = {{0x28, 0, 0, 20}, {0x15, 0, 2, 1}, {0x20, 0, 0, 38}, {0x15, 1, 0, address}, {0x06, 0, 0, 0}, {0x06, 0, 0, FRAME_MAX}};
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("packet socket");
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) fail("filter");
  if (bind(fd, (struct sockaddr *)&all, sizeof all)) fail("bind");
  return fd;
}

int run_answer(int argc, char **argv) {
  uint32_t address;
  errno = 0;
  if (inet_pton(AF_INET, argv[0], &address) != 1) fail("%s is no IPv4 address", argv[0]);
  int fd = open_socket(ntohl(address)), epoll = epoll_create1(EPOLL_CLOEXEC);
  struct ifreq card = {0};
  strncpy(card.ifr_name, option(argc, argv, "interface", "eth0"), IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFHWADDR, &card)) fail("interface %s", card.ifr_name);
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("epoll");
  uint8_t request[FRAME_MAX], reply[42];
  long answered = 0;
  printf("{\"event\":\"start\",\"t\":%lld}\n", (long long)now_ns());
  while (!stopping) {
    if (epoll_wait(epoll, &event, 1, 1000) <= 0) continue;
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    while (recvfrom(fd, request, sizeof request, MSG_DONTWAIT, (struct sockaddr *)&from, &size) >= 42) {
      memcpy(reply, request + 22, 6);
      memcpy(reply + 6, card.ifr_hwaddr.sa_data, 6);
      memcpy(reply + 12, request + 12, 8);
      memcpy(reply + 20, (uint8_t[]){0, 2}, 2);
      memcpy(reply + 22, card.ifr_hwaddr.sa_data, 6);
      memcpy(reply + 28, request + 38, 4);
      memcpy(reply + 32, request + 22, 10);
      struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = from.sll_ifindex};
      if (sendto(fd, reply, sizeof reply, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) == sizeof reply) answered++;
      size = sizeof from;
    }
  }
  printf("{\"event\":\"summary\",\"answered\":%ld}\n", answered);
  return 0;
}
