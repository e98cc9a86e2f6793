import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedApiServer, EmbeddedApiServerOptions } from '../../../lab/apiserver';
import { Clock, KubeClient, KubeClientOptions, KubeLog, KubeObject, loadKubeConfig, SERVICES } from '../../src/kube';

export { eventually, failure, type AnyObject } from '../../../lab/test/api-contract-support';

/** An embedded API server and clients of it; {@link Fixture.close} ends them all. */
export class Fixture {
  static async start(options: EmbeddedApiServerOptions = {}): Promise<Fixture> {
    const fixture = new Fixture(new EmbeddedApiServer(options));
    await fixture.server.listen();
    writeFileSync(fixture.kubeconfig, fixture.server.kubeconfig());
    return fixture;
  }

  readonly dir = mkdtempSync(join(tmpdir(), 'kube-test-'));
  readonly kubeconfig = join(this.dir, 'kubeconfig');
  private readonly clients: KubeClient[] = [];

  private constructor(readonly server: EmbeddedApiServer) {}

  /** A client with quick timeouts. */
  client(options: KubeClientOptions = {}, kubeconfig = this.kubeconfig): KubeClient {
    const quick = { pingIntervalMs: 50, pingTimeoutMs: 2_000, connectTimeoutMs: 10_000 };
    const client = new KubeClient(loadKubeConfig({ kubeconfig }), { ...quick, ...options });
    this.clients.push(client);
    return client;
  }

  /** Writes a file into the fixture's folder and returns its path. */
  file(name: string, content: string): string {
    const path = join(this.dir, name);
    writeFileSync(path, content);
    return path;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.server.close();
    rmSync(this.dir, { recursive: true });
  }
}

/** A log that remembers. */
export class Lines implements KubeLog {
  readonly lines: string[] = [];
  readonly debug = this.keep('debug');
  readonly info = this.keep('info');
  readonly warn = this.keep('warn');
  readonly error = this.keep('error');

  private keep(level: string) {
    return (_fields: object, message: string) => { this.lines.push(`${level}: ${message}`); };
  }
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  private time = 0;
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(private epoch = Date.parse('2024-01-01T00:00:00Z')) {}

  now(): number {
    return this.time;
  }

  wallTime(): number {
    return this.epoch + this.time;
  }

  schedule(callback: () => void, ms: number): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => { this.timers.delete(timer); };
  }

  /** Sets the wall clock, forward or back; no time passes. */
  step(ms: number): void {
    this.epoch += ms;
  }

  /** Lets time pass and calls what is due, in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
    this.time = end;
  }
}

/** Creates a Service of type LoadBalancer in the namespace `default`. */
export function createService<T extends KubeObject>(client: KubeClient, name: string, labels?: Record<string, string>): Promise<T> {
  return client.create<T>(SERVICES, { metadata: { name, namespace: 'default', labels }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
}
