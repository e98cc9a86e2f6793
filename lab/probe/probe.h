/* What the parts of the prober share. Times are CLOCK_MONOTONIC nanoseconds, as process.hrtime() gives them in Node. */
#ifndef PROBE_H
#define PROBE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>


/* Returns the value of `--name value` among argv, or `fallback`. Ends the program if the value is missing. */
const char *option(int argc, char **argv, const char *name, const char *fallback);

/* As option(), for a whole number from `least` to `most`. */
long long number(int argc, char **argv, const char *name, long long fallback, long long least, long long most);

/* True if `--name` is there. */
bool flag(int argc, char **argv, const char *name);

int64_t now_ns(void);

/* Set by SIGINT and SIGTERM: finish, print the summary, exit. */
extern volatile sig_atomic_t stopping;

/* Prints "prober: ..." with the text of errno if there is one, and exits with 2. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The modes; each prints JSON lines, the last of which is a summary with "event":"summary". */
int run_ask(int argc, char **argv);
int run_watch(int argc, char **argv);
int run_http(int argc, char **argv);
int run_serve(int argc, char **argv);
int run_storm(int argc, char **argv);
int run_relay(int argc, char **argv);
int run_answer(int argc, char **argv);

#endif
