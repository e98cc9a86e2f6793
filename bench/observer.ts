import { setTimeout as sleep } from 'timers/promises';
import { HttpEvent, HttpWatch, LinkEvent, LinkWatch, monotonicNs, Network, watchHttp, watchLink } from '../lab';

/** Between two questions on the link, ms. */
const ASK_MS = 5;
/** How late an answer may be and still be told from another node's answer to the next question, ms. */
const PATIENCE_MS = 20;
/** Between two connections, ms. */
const FETCH_MS = 10;
/** So many connections in a row that found nothing are an interruption; fewer may be a machine that was busy elsewhere. */
const MISSED = 3;

/** What an outsider saw of an address from before an event to some time after it. Times in ms. */
export interface Observation {
  readonly address: string;
  /** From the event to the first answer of another host than before; undefined if none came. */
  readonly moved?: number;
  /** From the event until the last change of who answers; 0 without a change. */
  readonly settled: number;
  /** From the event to the first page after an interruption; 0 if there was no interruption. */
  readonly served: number;
  /** Longest time between two answers. */
  readonly dark: number;
  /** Questions without an answer. */
  readonly lost: number;
  /** Questions that two hosts answered. */
  readonly doubleAnswers: number;
  /** Connections that got no page within a second. */
  readonly failed: number;
  /** Hosts that answered. */
  readonly macs: readonly string[];
}

/** Watches an address from the LAN's client, by questions on the link and by pages. */
export class Observer {
  /** Begins, and waits until both are answered. */
  static async begin(network: Network, address: string): Promise<Observer> {
    const [link, http] = await Promise.all([
      watchLink(network, address, { intervalMs: ASK_MS, patienceMs: PATIENCE_MS, darkMs: 10 * ASK_MS }),
      watchHttp(network, address, { intervalMs: FETCH_MS, each: true }),
    ]);
    const first = await link.until(({ event }) => event === 'answered', 'answer before the event');
    await http.until(({ event }) => event === 'ok', 'page before the event');
    return new Observer(address, link, http, (first as { mac: string }).mac);
  }

  private constructor(
    private readonly address: string, private readonly link: LinkWatch, private readonly http: HttpWatch,
    /** Who answered first. */
    readonly mac: string,
  ) {}

  /** Waits until another host answers. */
  async untilMoved(timeoutMs: number): Promise<void> {
    await this.link.until((event) => event.event === 'answered' && event.mac !== this.mac, 'answer of another node', timeoutMs);
  }

  /** Waits until a page came that was asked for after now. */
  async untilServed(timeoutMs: number): Promise<void> {
    const now = monotonicNs();
    await this.http.until((event) => event.event === 'ok' && event.started > now, 'page', timeoutMs);
  }

  /** Ends it. @param event when it happened */
  async end(event: number): Promise<Observation> {
    await sleep(4 * FETCH_MS); // connections under way end
    const link = this.link.events(), http = this.http.events();
    const [summary] = await Promise.all([this.link.stop(), this.http.stop()]);
    return {
      address: this.address,
      ...changesOf(link, this.mac, event),
      served: servedAgain(http, event),
      dark: summary.longestGapNs / 1e6,
      lost: summary.lost,
      doubleAnswers: summary.doubleAnswers,
      failed: http.filter((each) => each.event === 'failed').length,
      macs: summary.macs,
    };
  }
}

/** When others answered than before. */
export function changesOf(events: readonly LinkEvent[], before: string, event: number): Pick<Observation, 'moved' | 'settled'> {
  const answers = events.filter((each) => each.event === 'answered').filter(({ t }) => t > event);
  const moved = answers.find(({ mac }) => mac !== before)?.t;
  let holder = before, settled = event;
  for (const { mac, t } of answers) {
    if (mac === holder) continue;
    holder = mac;
    settled = t;
  }
  return { moved: moved === undefined ? undefined : (moved - event) / 1e6, settled: (settled - event) / 1e6 };
}

/** From the event to the page that ended the longest interruption after it; 0 if there was none. */
export function servedAgain(events: readonly HttpEvent[], event: number): number {
  const pages = events.filter(({ event: kind }) => kind === 'ok').map(({ t }) => t);
  let longest = MISSED * FETCH_MS * 1e6, end = event;
  for (let i = 1; i < pages.length; i++) {
    const gap = pages[i] - pages[i - 1];
    if (pages[i] > event && gap > longest) [longest, end] = [gap, pages[i]];
  }
  return (end - event) / 1e6;
}
