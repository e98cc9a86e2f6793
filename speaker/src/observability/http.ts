import * as http from 'http';
import { AddressInfo } from 'net';
import { HttpsServer, listenError, type KeyPair, type TlsSettings } from '../tls';
import { Metrics } from './metrics';

/** Whether something works; `undefined` when it does, else what is wrong, for the reader of the probe's answer. */
export type Check = () => string | undefined;

/** Whether somebody may read the metrics; the answer says why not. */
export interface Access {
  /** 200 yes, 401 who are you, 403 no, 500 it could not be found out. */
  readonly status: 200 | 401 | 403 | 500;
  readonly message: string;
}

/** Serves `/metrics` over HTTPS, to those who may. */
export interface SecureMetrics {
  readonly settings: TlsSettings;
  readonly certificate: () => KeyPair | Promise<KeyPair>;
  /** @param authorization the header of the request */
  readonly access: (authorization: string | undefined) => Promise<Access>;
  /** Told why a connection got no certificate. */
  readonly failed: (error: Error) => void;
}

export interface HttpEndpointsOptions {
  /** Port of `/healthz` and `/readyz`; 0 takes a free one. */
  readonly healthPort: number;
  /** Address that the probes' server listens on; a speaker in the host's network uses 127.0.0.1. */
  readonly healthHost: string;
  /** Port of `/metrics`; 0 switches it off, as in MetalLB. */
  readonly metricsPort: number;
  readonly metrics: Metrics;
  /** Without it `/metrics` is served to everybody, in clear. */
  readonly secure?: SecureMetrics;
  /** Alive: the process can still do its work. */
  readonly alive: Record<string, Check>;
  /** Ready: what it knows is current. */
  readonly ready: Record<string, Check>;
}

/** The HTTP endpoints of a role: `/healthz`, `/readyz` and `/metrics`. */
export class HttpEndpoints {
  /** Opens the ports; rejects with a message that names the port when one is taken. */
  static async listen(options: HttpEndpointsOptions): Promise<HttpEndpoints> {
    const { healthPort, healthHost, metricsPort } = options;
    const health = await serve(healthPort, healthHost, '--health-probe-port', listener(async ({ path }) => {
      const checks = path === '/healthz' ? options.alive : path === '/readyz' ? options.ready : undefined;
      return checks && report(checks);
    }));
    if (metricsPort === 0) {
      return new HttpEndpoints([health]);
    }
    try {
      return new HttpEndpoints([health, await serveMetrics(options)]);
    } catch (error) {
      await health.close();
      throw error;
    }
  }

  private constructor(private readonly servers: readonly Listening[]) {}

  /** The port that the probes' server got. */
  get healthPort(): number {
    return this.servers[0].port;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

interface Question {
  readonly path: string;
  readonly authorization: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

const TEXT = 'text/plain; charset=utf-8';

function report(checks: Record<string, Check>): Answer {
  const failed = Object.entries(checks).flatMap(([name, check]) => {
    const problem = check();
    return problem === undefined ? [] : [`${name}: ${problem}\n`];
  });
  return { status: failed.length ? 503 : 200, type: TEXT, body: failed.length ? failed.join('') : 'ok\n' };
}

async function serveMetrics({ metricsPort: port, metrics, secure }: HttpEndpointsOptions): Promise<Listening> {
  const handler = listener(async ({ path, authorization }) => {
    if (secure) {
      // Before the path is looked at, so that who may not read learns nothing.
      const { status, message } = await secure.access(authorization);
      if (status !== 200) return { status, type: TEXT, body: `${message}\n`, ...(status === 401 && { headers: { 'WWW-Authenticate': 'Bearer' } }) };
    }
    return path === '/metrics' ? { status: 200, type: metrics.contentType, body: await metrics.text() } : undefined;
  });
  return secure ? HttpsServer.listen({ ...secure, port, flag: '--port', handler }) : serve(port, undefined, '--port', handler);
}

function listener(answer: (question: Question) => Promise<Answer | undefined>): http.RequestListener {
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    answer({ path, authorization: request.headers.authorization }).catch((error: Error): Answer => ({ status: 500, type: TEXT, body: `${error.message}\n` })).then((result) => {
      const { status, type, body, headers } = result ?? { status: 404, type: TEXT, body: 'not found\n' };
      response.writeHead(status, { 'Content-Type': type, ...headers });
      response.end(request.method === 'HEAD' ? undefined : body);
    }).catch(() => response.destroy());
  };
}

function serve(port: number, host: string | undefined, flag: string, handler: http.RequestListener): Promise<Listening> {
  const server = http.createServer(handler);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, flag)));
    server.listen(port, host, () => resolve({
      port: (server.address() as AddressInfo).port,
      close: () => new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
    }));
  });
}
