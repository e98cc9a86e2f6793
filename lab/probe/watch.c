/* prober watch: asks for an address without pause and reports each change: who answers, since when nobody does, and each question that
   two hosts answered. Gratuitous packets are reported as they are heard. The gap between two answers is measured; an answer that comes
   after the next question counts for that one, so `lost` is right in the sum, and a second host's late answer is never overlooked.
   With --patience-ms a question without an answer is waited for longer before the next, so that late answers are not taken for two. */
#include <string.h>

#include "neighbour.h"
#include "probe.h"

#define MACS_MAX 64

int run_watch(int argc, char **argv) {
  int64_t interval = number(argc, argv, "interval-ms", 10, 1, 60000) * 1000000;
  int64_t dark_after = number(argc, argv, "dark-ms", interval * 3 / 1000000, 1, 600000) * 1000000;
  int64_t patience = number(argc, argv, "patience-ms", interval / 1000000, 1, 60000) * 1000000;
  int64_t seconds = number(argc, argv, "seconds", 0, 0, 86400);
  struct asker asker;
  struct seen seen;
  asker_open(&asker, argv[0], option(argc, argv, "interface", "eth0"), option(argc, argv, "source", ""));

  int64_t start = now_ns(), end = seconds ? start + seconds * 1000000000 : INT64_MAX, next = start, last = 0;
  int64_t longest = 0, longest_from = 0;
  long asked = 0, answered = 0, gratuitous = 0, doubles = 0;
  uint8_t holder[6] = {0}, first[6], macs[MACS_MAX][6];
  int distinct = 0;
  bool dark = true;
  char text[18], other[18];
  printf("{\"event\":\"start\",\"t\":%lld,\"address\":\"%s\",\"intervalMs\":%lld}\n", (long long)start, argv[0], (long long)(interval / 1000000));

  while (!stopping && next < end) {
    asker_send(&asker);
    asked++;
    bool served = false;
    int64_t sent = now_ns();
    next += interval;
    if (next < sent) next = sent + interval; /* we were late: no burst of questions to make up for it */
    while (asker_receive(&asker, served || sent + patience < next ? next : sent + patience, &seen)) {
      int64_t time = now_ns();
      mac_text(seen.mac, text);
      int i = 0;
      while (i < distinct && memcmp(macs[i], seen.mac, 6)) i++;
      if (i == distinct && distinct < MACS_MAX) memcpy(macs[distinct++], seen.mac, 6);
      if (seen.kind == GRATUITOUS) {
        gratuitous++;
        printf("{\"event\":\"gratuitous\",\"t\":%lld,\"operation\":%d,\"mac\":\"%s\",\"broadcast\":%s}\n", (long long)time, seen.operation, text,
               seen.broadcast ? "true" : "false");
        continue;
      }
      answered++;
      if (served && memcmp(first, seen.mac, 6)) {
        doubles++;
        mac_text(first, other);
        printf("{\"event\":\"double\",\"t\":%lld,\"mac\":\"%s\",\"first\":\"%s\"}\n", (long long)time, text, other);
      }
      if (!served) memcpy(first, seen.mac, 6);
      served = true;
      int64_t gap = last ? time - last : 0;
      if (gap > longest) longest = gap, longest_from = last;
      if (dark || memcmp(holder, seen.mac, 6)) {
        printf("{\"event\":\"answered\",\"t\":%lld,\"mac\":\"%s\",\"gapNs\":%lld}\n", (long long)time, text, (long long)gap);
      }
      memcpy(holder, seen.mac, 6);
      last = time;
      dark = false;
    }
    if (stopping && !served) asked--; /* it was not waited for */
    if (!dark && now_ns() - last > dark_after) {
      dark = true;
      printf("{\"event\":\"unanswered\",\"t\":%lld,\"last\":%lld}\n", (long long)now_ns(), (long long)last);
    }
  }
  int64_t ended = now_ns();
  if (last && ended - last > longest && dark) longest = ended - last, longest_from = last;
  printf("{\"event\":\"summary\",\"t\":%lld,\"address\":\"%s\",\"asked\":%ld,\"answered\":%ld,\"lost\":%ld,\"doubleAnswers\":%ld,\"gratuitous\":%ld,"
         "\"longestGapNs\":%lld,\"longestGapFrom\":%lld,\"macs\":[", (long long)ended, argv[0], asked, answered, asked - answered + doubles, doubles,
         gratuitous, (long long)longest, (long long)longest_from);
  for (int i = 0; i < distinct; i++) {
    mac_text(macs[i], text);
    printf("%s\"%s\"", i ? "," : "", text);
  }
  puts("]}");
  return answered ? 0 : 1;
}
