import * as fs from 'fs';
import { prober } from './cache';
import { Network } from './network';
import { LabProcess } from './process';

/*
 * The outside witness seen from TypeScript. All times `t` are monotonic nanoseconds, comparable with `monotonicNs()` here and
 * with one another, whichever process wrote them.
 */

/** Now, on the clock of all reports: CLOCK_MONOTONIC, ns. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

/** How fast an address was answered. */
export interface AskReport {
  readonly address: string;
  readonly asked: number;
  readonly answered: number;
  /** Answers beyond the first to a question: somebody else has the address too. */
  readonly extra: number;
  readonly gratuitous: number;
  readonly seconds: number;
  /** Answers by link-layer address. */
  readonly macs: Readonly<Record<string, number>>;
  /** Latencies in ns; zero without an answer. */
  readonly ns: Readonly<Record<'min' | 'p50' | 'p90' | 'p99' | 'max' | 'mean', number>>;
  /** Every latency in ns, in the order of the questions, if asked for. */
  readonly samples?: readonly number[];
}

export interface AskOptions {
  /** Questions. Default 100. */
  readonly count?: number;
  /** From one question to the next; 0: as soon as the last is answered. Default 0. */
  readonly intervalUs?: number;
  /** Default 1000. */
  readonly timeoutMs?: number;
  /** Where to ask. Default `client`. */
  readonly from?: string;
  /** The interface to ask on. Default `eth0`. */
  readonly interface?: string;
  /** Give every latency, too. Default false. */
  readonly samples?: boolean;
  /** The processor to ask from. Default: any. */
  readonly processor?: number;
}

/** Asks for an address, ARP or neighbour discovery as it is IPv4 or IPv6. */
export async function ask(network: Network, address: string, options: AskOptions = {}): Promise<AskReport> {
  const { count = 100, intervalUs = 0, timeoutMs = 1000, from = 'client', samples = false, processor } = options;
  const pinned = processor === undefined ? [] : ['taskset', '--cpu-list', `${processor}`];
  const { stdout } = await network.exec(from, [...pinned, await prober(), 'ask', address, '--count', `${count}`, '--interval-us', `${intervalUs}`,
    '--timeout-ms', `${timeoutMs}`, '--interface', options.interface ?? 'eth0', ...(samples ? ['--samples'] : [])], { check: false, timeoutMs: 5_000 + count * (timeoutMs + intervalUs / 1000) });
  const [summary, before] = stdout.trim().split('\n').reverse().map((line) => JSON.parse(line));
  return { ...summary, ...(samples && { samples: before.ns }) } as AskReport;
}

/** What a watch saw on the link. */
export type LinkEvent =
  | { readonly event: 'answered'; readonly t: number; readonly mac: string; readonly gapNs: number }
  | { readonly event: 'unanswered'; readonly t: number; readonly last: number }
  /** A question that `first` had answered was answered by `mac`, too. */
  | { readonly event: 'double'; readonly t: number; readonly mac: string; readonly first: string }
  | { readonly event: 'gratuitous'; readonly t: number; readonly mac: string; readonly operation: number; readonly broadcast: boolean };

/** What connections saw. */
export type HttpEvent =
  | { readonly event: 'ok'; readonly t: number; readonly started: number; readonly ns: number; readonly body: string }
  | { readonly event: 'failed'; readonly t: number; readonly started: number; readonly ns: number; readonly error: string };

export interface LinkSummary {
  readonly asked: number;
  readonly answered: number;
  /** Questions that nobody answered. */
  readonly lost: number;
  /** Answers of a second host to a question. */
  readonly doubleAnswers: number;
  readonly gratuitous: number;
  /** Longest time from one answer to the next, ns, and when it began. */
  readonly longestGapNs: number;
  readonly longestGapFrom: number;
  readonly macs: readonly string[];
}

export interface HttpSummary {
  readonly attempts: number;
  readonly ok: number;
  readonly failed: number;
  /** Longest time from one success to the next, ns, and when it began. */
  readonly longestGapNs: number;
  readonly longestGapFrom: number;
}

/** A prober that runs until it is stopped. */
export class Watch<E extends { readonly event: string; readonly t: number }, S> {
  constructor(private readonly process: LabProcess) {}

  /** Changes seen so far, oldest first. */
  events(): E[] {
    return this.lines().filter((line) => line.event !== 'start' && line.event !== 'summary') as unknown as E[];
  }

  /** Waits for an event; those already seen count. */
  async until(check: (event: E) => boolean, what: string, timeoutMs?: number): Promise<E> {
    return this.process.until(() => this.events().find(check), what, timeoutMs);
  }

  /** Ends it and gives its summary. */
  async stop(): Promise<S> {
    await this.process.stop();
    return this.process.until(() => this.lines().find((line) => line.event === 'summary') as unknown as S, 'summary');
  }

  private lines(): { event: string }[] {
    const text = fs.readFileSync(this.process.outFile, 'utf8');
    return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line) as { event: string });
  }
}

export type LinkWatch = Watch<LinkEvent, LinkSummary>;
export type HttpWatch = Watch<HttpEvent, HttpSummary>;

let watches = 0;

/** Addresses that nobody has: answers to them are not those that the kernel of the place asked for. */
const SOURCES: Readonly<Record<string, readonly [string, string]>> = { client: ['93.5.22.11', 'fd93:5:22::11'], router: ['93.5.22.2', 'fd93:5:22::2'] };

/**
 * Asks for an address without pause, and listens for gratuitous packets.
 *
 * @param options intervalMs between questions, default 10; patienceMs until the next one if there is no answer, default the interval;
 *   darkMs without an answer before it counts as unanswered, default three intervals
 */
export async function watchLink(network: Network, address: string,
  options: { intervalMs?: number; patienceMs?: number; darkMs?: number; from?: string; interface?: string } = {}): Promise<LinkWatch> {
  const { intervalMs = 10, patienceMs = intervalMs, darkMs = 3 * intervalMs, from = 'client' } = options;
  const source = SOURCES[from]?.[address.includes(':') ? 1 : 0];
  return begin(network, from, ['watch', address, ...(source ? ['--source', source] : []), '--interval-ms', `${intervalMs}`, '--patience-ms', `${patienceMs}`, '--dark-ms', `${darkMs}`,
    '--interface', options.interface ?? 'eth0']);
}

/** Opens a connection and asks for `path` at every interval, whatever became of earlier ones. Default every 50 ms, each given 1 s. */
export async function watchHttp(network: Network, address: string,
  options: { port?: number; path?: string; intervalMs?: number; timeoutMs?: number; from?: string; each?: boolean } = {}): Promise<HttpWatch> {
  const { port = 80, path = '/', intervalMs = 50, timeoutMs = 1000, from = 'client', each = false } = options;
  return begin(network, from, ['http', address, `${port}`, '--interval-ms', `${intervalMs}`, '--timeout-ms', `${timeoutMs}`, '--path', path,
    ...(each ? ['--each'] : [])]);
}

async function begin<E extends { event: string; t: number }, S>(network: Network, from: string, args: string[]): Promise<Watch<E, S>> {
  const process = network.start(from, { name: `prober-${++watches}-${args[0]}`, argv: [await prober(), ...args] });
  await process.untilOutput(/"event":"start"/);
  return new Watch(process);
}
