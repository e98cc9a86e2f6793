import type { Clock, KubeClient } from '../kube';
import type { ControllerMetrics, Logger } from '../observability';
import { Watches } from '../role';
import { CertificateFiles, HttpsServer, type TlsSettings } from '../tls';
import { Certificates } from './certificates';
import { readExisting } from './existing';
import { reviewHandler } from './handler';
import { judge, type Proposal, type Verdict } from './judge';

/** Pause between two attempts to open the port, in milliseconds. */
const RETRY_MS = 2_000;

export interface WebhookOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
  /** Namespace of the configuration, and of the Service and the Secret. */
  readonly namespace: string;
  readonly port: number;
  readonly settings: TlsSettings;
  /** Name of the Service by which the API server reaches the webhook. */
  readonly service: string;
  /** Name of the Secret with the certificates; undefined when they are in `certDir`, and somebody else's matter. */
  readonly secret?: string;
  readonly certDir?: string;
  /** For the certificates. @default the machine's */
  readonly clock?: Clock;
}

/** The webhook of one controller. It begins at once, and goes on trying to open its port and to get its certificate; meanwhile it is not ready. */
export class Webhook {
  private readonly watches: Watches;
  private readonly certificates: Pick<Certificates, 'current' | 'check' | 'stop'>;
  private server?: HttpsServer;
  private problem = 'its port is not open yet';
  private timer?: NodeJS.Timeout;
  private stopped = false;

  constructor(private readonly options: WebhookOptions) {
    const { client, log, metrics, namespace, service, secret, certDir, clock } = options;
    this.watches = new Watches(client, log, metrics);
    this.certificates = secret === undefined
      ? filesIn(certDir ?? '')
      : new Certificates({ client, log, namespace, secret, service, clock }, this.watches);
    // Rejects when it is stopped before; who has no watch, since the certificates are in files, has nothing to wait for.
    this.watches.start().catch(() => undefined);
    void this.open();
  }

  /** Ready when it has its port and a certificate. */
  check(): string | undefined {
    return this.server ? this.certificates.check() : this.problem;
  }

  /** The port that it got; undefined before. */
  get port(): number | undefined {
    return this.server?.port;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.certificates.stop();
    await Promise.all([this.server?.close(), this.watches.stop()]);
  }

  private async open(): Promise<void> {
    const { log, port, settings } = this.options;
    try {
      const server = await HttpsServer.listen({
        port,
        flag: '--webhook-port',
        settings,
        certificate: () => this.certificates.current(),
        handler: reviewHandler((proposal) => this.decide(proposal), log),
        failed: (error) => log.warn({ error }, `a connection to the webhook was closed: ${error.message}`),
      });
      if (this.stopped) await server.close();
      else this.server = server;
    } catch (error) {
      this.problem = (error as Error).message;
      log.error({ error, retryInMs: RETRY_MS }, `the webhook cannot be served: ${this.problem}`);
      if (!this.stopped) this.timer = setTimeout(() => void this.open(), RETRY_MS);
    }
  }

  private async decide(proposal: Proposal): Promise<Verdict> {
    const { client, namespace, metrics } = this.options;
    const existing = proposal.namespace === namespace
      ? await readExisting(client, namespace, proposal)
      : { ipAddressPools: [], l2Advertisements: [], namespaces: [] };
    const verdict = judge(proposal, existing, namespace);
    metrics.admissions.inc({ kind: proposal.kind, operation: proposal.operation, allowed: String(verdict.allowed) });
    return verdict;
  }
}

function filesIn(folder: string): Pick<Certificates, 'current' | 'check' | 'stop'> {
  const files = new CertificateFiles(folder);
  return {
    current: () => files.current(),
    check: () => {
      try {
        files.current();
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    stop: () => undefined,
  };
}
