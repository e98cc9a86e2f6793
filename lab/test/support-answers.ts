import { AskReport, Cluster, LabProcess, VIRTUAL_ADDRESS } from '..';
import { prober } from '../cache';

type Line = { event: 'answer'; mac: string } | { event: 'silence' } | ({ event: 'summary' } & AskReport);

/** Between two questions, ms. */
const INTERVAL_MS = 5;

/**
 * Asks for an address from the LAN's client the whole time, one question after the other, until it is stopped; each answer is waited for
 * up to a second. So nobody's late answer is taken for a second one, and `extra` of the report counts questions that two nodes answered.
 */
export class Questions {
  static async begin(cluster: Cluster, address = VIRTUAL_ADDRESS): Promise<Questions> {
    const process = cluster.network.start('client', {
      name: `questions-${++Questions.started}`,
      argv: [await prober(), 'ask', address, '--count', '100000', '--interval-us', `${INTERVAL_MS * 1000}`, '--timeout-ms', '1000', '--each'],
    });
    const questions = new Questions(cluster, process);
    await questions.answeredBy(() => true);
    return questions;
  }

  private static started = 0;

  private constructor(private readonly cluster: Cluster, private readonly process: LabProcess) {}

  /** Waits until the newest answers, ten in a row, come from one node that passes the check, and gives its name. */
  async answeredBy(check: (node: string) => boolean): Promise<string> {
    return this.process.until(() => {
      const latest = this.lines().slice(-10).map((line) => (line.event === 'answer' ? line.mac : ''));
      const node = this.cluster.nodes.find(({ mac }) => mac === latest[0])?.name;
      return latest.length === 10 && new Set(latest).size === 1 && node !== undefined && check(node) && node;
    }, 'answers of one node');
  }

  /** Waits for so many more questions, so that a second answer to the earlier ones would have been seen. */
  async more(count: number): Promise<void> {
    const until = this.lines().length + count;
    await this.process.until(() => this.lines().length >= until, `${count} more questions`);
  }

  /** Ends it. */
  async stop(): Promise<AskReport> {
    await this.process.stop();
    return this.process.until(() => this.lines().find((line) => line.event === 'summary') as AskReport | undefined, 'report');
  }

  private lines(): Line[] {
    const text = this.process.stdout();
    return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);
  }
}
