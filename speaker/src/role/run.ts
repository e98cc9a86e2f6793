import { KubeClient, loadKubeConfig } from '../kube';
import { HttpEndpoints, Logger, Metrics, type Check, type SecureMetrics } from '../observability';
import { CertificateFiles, SelfSignedCertificate, type TlsSettings } from '../tls';
import { MetricsAccess } from './metrics-access';

/** What the command line says to either role. */
export interface RoleOptions extends TlsSettings {
  /** Namespace of the configuration. */
  readonly namespace: string;
  /** Own pod: owner of the objects that the role makes for itself. */
  readonly podName?: string;
  /** Serve only Services with this `spec.loadBalancerClass`; without it only those with none. */
  readonly lbClass?: string;
  /** Port of `/metrics`; 0 switches it off. */
  readonly port: number;
  /** Serve `/metrics` in clear, and to everybody. Default false: over HTTPS, to those whom the API server lets. */
  readonly metricsInsecure?: boolean;
  /** Folder with `tls.crt` and `tls.key` for `/metrics`. Default: a certificate that nobody vouches for. */
  readonly metricsCertDir?: string;
  /** Port of `/healthz` and `/readyz`. */
  readonly healthProbePort: number;
  /** Address that the probes' server listens on. */
  readonly healthHost: string;
  /** Path of a kubeconfig; without it the usual places are searched. */
  readonly kubeconfig?: string;
  readonly log: Logger;
}

export interface RoleContext {
  readonly client: KubeClient;
  readonly log: Logger;
  /** Ends the process, after the role has withdrawn: for what cannot be mended from inside. */
  readonly fail: (error: Error) => void;
}

/** A running role. */
export interface Role {
  readonly alive: Record<string, Check>;
  readonly ready: Record<string, Check>;
  /** Ends it gracefully: withdraw first, then let go. */
  stop(): Promise<void>;
}

/** Delays between attempts to start, in milliseconds: the last one goes on for ever. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

/** After this long a graceful stop is given up, in milliseconds. */
const STOP_MS = 5_000;

/**
 * Starts a role and keeps the process until a signal ends it.
 *
 * What is missing at the start (a port that is still taken, a capability, a kubeconfig that is not there yet) is said with its fix and tried
 * again with growing delays: a program that exits is restarted by Kubernetes with delays of its own, and its logs are lost.
 */
export async function runRole<M extends Metrics>(options: RoleOptions, metrics: M, begin: (context: RoleContext) => Promise<Role>): Promise<void> {
  const { log } = options;
  const stopping = new AbortController();
  let role: Role | undefined;
  let endpoints: HttpEndpoints | undefined;
  let client: KubeClient | undefined;

  const end = async (status: number) => {
    if (stopping.signal.aborted) {
      return; // a second signal does not interrupt the withdrawal that the first one began
    }
    stopping.abort();
    setTimeout(() => {
      log.error({}, 'could not stop in time');
      process.exit(1);
    }, STOP_MS).unref();
    await role?.stop().catch((error: Error) => log.error({ error }, 'could not stop in good order'));
    client?.close();
    await endpoints?.close();
    log.info({}, 'stopped');
    process.exit(status);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info({ signal }, 'stopping');
      void end(0);
    });
  }
  const fail = (error: Error) => {
    log.error({ error }, `withdrawing and ending: ${error.message}`);
    void end(1);
  };
  process.on('uncaughtException', fail);

  endpoints = await retry(stopping.signal, log, () => HttpEndpoints.listen({
    healthPort: options.healthProbePort,
    healthHost: options.healthHost,
    metricsPort: options.port,
    metrics,
    secure: options.metricsInsecure ? undefined : secureMetrics(options, () => client),
    // Before the role has begun the process is alive, and not ready.
    alive: { role: () => firstProblem(role?.alive ?? {}) },
    ready: { role: () => (role ? firstProblem(role.ready) : 'starting; its log says what is missing') },
  }));
  client = await retry(stopping.signal, log, async () => new KubeClient(loadKubeConfig({ kubeconfig: options.kubeconfig }), { log }));
  role = await retry(stopping.signal, log, () => begin({ client: client!, log, fail }));
}

function secureMetrics(options: RoleOptions, client: () => KubeClient | undefined): SecureMetrics {
  const { log, metricsCertDir } = options;
  const access = new MetricsAccess(client, log);
  const certificate = metricsCertDir === undefined ? new SelfSignedCertificate('metrics', ['localhost', '127.0.0.1', '::1']) : new CertificateFiles(metricsCertDir);
  return {
    settings: options,
    certificate: () => certificate.current(),
    access: (authorization) => access.check(authorization),
    failed: (error) => log.warn({ error }, `a connection for metrics was closed: ${error.message}`),
  };
}

function firstProblem(checks: Record<string, Check>): string | undefined {
  for (const [name, check] of Object.entries(checks)) {
    const problem = check();
    if (problem !== undefined) {
      return `${name}: ${problem}`;
    }
  }
  return undefined;
}

async function retry<T>(signal: AbortSignal, log: Logger, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const delay = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
      log.error({ error, retryInMs: delay }, `cannot start: ${(error as Error).message}`);
      await new Promise<void>((resolve) => setTimeout(resolve, delay));
      if (signal.aborted) {
        return new Promise(() => undefined); // the process is ending
      }
    }
  }
}
