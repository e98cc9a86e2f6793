import * as http from 'http';
import { AddressInfo } from 'net';
import { Metrics } from './metrics';

/** Whether something works; `undefined` when it does, else what is wrong, for the reader of the probe's answer. */
export type Check = () => string | undefined;

export interface HttpEndpointsOptions {
  /** Port of `/healthz` and `/readyz`; 0 takes a free one. */
  readonly healthPort: number;
  /** Address that the probes' server listens on; a speaker in the host's network uses 127.0.0.1. */
  readonly healthHost: string;
  /** Port of `/metrics`; 0 switches it off, as in MetalLB. */
  readonly metricsPort: number;
  readonly metrics: Metrics;
  /** Alive: the process can still do its work. */
  readonly alive: Record<string, Check>;
  /** Ready: what it knows is current. */
  readonly ready: Record<string, Check>;
}

/** The HTTP endpoints of a role: `/healthz`, `/readyz` and `/metrics`. */
export class HttpEndpoints {
  /** Opens the ports; rejects with a message that names the port when one is taken. */
  static async listen(options: HttpEndpointsOptions): Promise<HttpEndpoints> {
    const health = await serve(options.healthPort, options.healthHost, '--health-probe-port', async (path) => {
      const checks = path === '/healthz' ? options.alive : path === '/readyz' ? options.ready : undefined;
      return checks && report(checks);
    });
    if (options.metricsPort === 0) {
      return new HttpEndpoints([health]);
    }
    const { metrics } = options;
    try {
      return new HttpEndpoints([health, await serve(options.metricsPort, undefined, '--port', async (path) => (
        path === '/metrics' ? { status: 200, type: metrics.contentType, body: await metrics.text() } : undefined
      ))]);
    } catch (error) {
      health.close();
      throw error;
    }
  }

  private constructor(private readonly servers: http.Server[]) {}

  /** The port that the probes' server got. */
  get healthPort(): number {
    return (this.servers[0].address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    })));
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function report(checks: Record<string, Check>): Answer {
  const failed = Object.entries(checks).flatMap(([name, check]) => {
    const problem = check();
    return problem === undefined ? [] : [`${name}: ${problem}\n`];
  });
  return { status: failed.length ? 503 : 200, type: 'text/plain; charset=utf-8', body: failed.length ? failed.join('') : 'ok\n' };
}

function serve(port: number, host: string | undefined, flag: string, answer: (path: string) => Promise<Answer | undefined>): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    answer(path).catch((error: Error) => ({ status: 500, type: 'text/plain', body: `${error.message}\n` })).then((result) => {
      const { status, type, body } = result ?? { status: 404, type: 'text/plain', body: 'not found\n' };
      response.writeHead(status, { 'Content-Type': type });
      response.end(request.method === 'HEAD' ? undefined : body);
    }).catch(() => response.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(Object.assign(
      new Error(error.code === 'EADDRINUSE'
        ? `port ${port} is in use by another process: choose another with ${flag} (a second load balancer on this node?)`
        : `cannot listen on port ${port} (${flag}): ${error.message}`),
      { code: error.code },
    )));
    server.listen(port, host, () => resolve(server));
  });
}
