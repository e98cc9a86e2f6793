/* Asking on the link who has an address: ARP (RFC 826) for IPv4, neighbour discovery (RFC 4861) for IPv6. */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MAX 2048

struct asker {
  int socket, interface;
  bool ipv6;
  uint8_t target[16], own[16], mac[6];
  uint8_t request[128];
  int request_length;
};

/* What a received frame says about the address asked for. */
enum kind {
  OTHER,      /* not about it */
  ANSWER,     /* ARP reply, or solicited neighbour advertisement, to us */
  GRATUITOUS, /* ARP with sender = target address, or unsolicited advertisement */
};

struct seen {
  enum kind kind;
  uint8_t mac[6];         /* the claimed link-layer address */
  int operation;          /* ARP operation; 136 for a neighbour advertisement */
  bool broadcast;         /* sent to all, not to us alone */
};

/* Opens a packet socket on the interface and makes the request once. Asks from `source`, or if that is empty from an address of the interface.
   An address that this host's kernel does not have tells our answers from those that the kernel asked for. Ends the program if something is wrong. */
void asker_open(struct asker *asker, const char *address, const char *interface, const char *source);

/* Sends the request. */
void asker_send(struct asker *asker);

/* Waits until `deadline` (ns, 0: does not wait) for a frame about the address; false if none came. */
bool asker_receive(struct asker *asker, int64_t deadline, struct seen *seen);

/* "02:00:5d:05:16:2c" into text. */
void mac_text(const uint8_t *mac, char text[18]);

#endif
