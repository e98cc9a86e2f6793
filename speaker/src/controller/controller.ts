import { randomUUID } from 'crypto';
import { hostname } from 'os';
import { Webhook } from '../admission';
import type { Config } from '../config';
import { LeaderElection, type OwnerReference } from '../kube';
import type { ControllerMetrics } from '../observability';
import { ownPod, type Role, type RoleContext } from '../role';
import type { ControllerOptions } from './run';
import { Term } from './term';

/** Name of the Lease that says which controller gives addresses. */
const LEASE = 'home-load-balancer-controller';

type Options = ControllerOptions & RoleContext & { readonly metrics: ControllerMetrics };

/**
 * The controller role. Of several controllers the holder of a Lease gives addresses; the others have read nothing, and wait. Each serves the webhook.
 *
 * A holder that was paused, or cut off from the API server for longer than the Lease lasts, forgets all it knew; it begins again, with a new term, once it
 * has the Lease again. Until then it writes nothing: whether it holds the Lease is a matter of its own clock, and needs no answer from anybody.
 */
export class Controller implements Role {
  static async start(options: Options): Promise<Controller> {
    const { client, namespace, podName, log } = options;
    const controller = new Controller(options, await ownPod(client, namespace, podName, log));
    if (options.webhookMode !== 'onlywebhook') controller.election.start();
    return controller;
  }

  readonly alive: Role['alive'] = {};
  readonly ready: Role['ready'];

  private readonly election: LeaderElection;
  private readonly webhook?: Webhook;
  private standingBy = false;
  private term?: Term;
  private lastGood?: Config;
  /** The end of the former term; the next one begins after it. */
  private ending: Promise<void> = Promise.resolve();

  private constructor(private readonly options: Options, private readonly owner: OwnerReference | undefined) {
    const { client, namespace, podName, log, metrics, webhookMode = 'disabled' } = options;
    if (webhookMode !== 'disabled') {
      this.webhook = new Webhook({
        client,
        log,
        metrics,
        namespace,
        settings: options,
        port: options.webhookPort ?? 9443,
        service: options.certServiceName ?? 'metallb-webhook-service',
        secret: options.disableCertRotation ? undefined : options.webhookSecret ?? 'metallb-webhook-cert',
        certDir: options.certDir,
      });
    }
    this.ready = {
      ...webhookMode !== 'onlywebhook' && {
        // Who stands by is ready to take over.
        lease: () => (this.term || this.standingBy ? undefined : `the Lease ${LEASE} could not be read or written; the log says why`),
        addresses: () => this.term?.check(),
      },
      ...this.webhook && { webhook: () => this.webhook!.check() },
    };
    this.election = new LeaderElection(client, {
      namespace,
      name: LEASE,
      // A container that restarts in its pod is the same candidate, and need not wait for itself.
      identity: podName ?? `${hostname()}-${randomUUID()}`,
      onLead: (signal) => void this.lead(signal),
      onFollow: (leader) => {
        this.standingBy = true;
        log.info({ leader }, `standing by: ${leader} gives addresses`);
      },
      log,
    });
  }

  async stop(): Promise<void> {
    await this.webhook?.stop();
    await this.end(); // with the Lease still held, so that what is under way may be written
    await this.election.stop();
  }

  private async lead(signal: AbortSignal): Promise<void> {
    await this.ending;
    if (signal.aborted) {
      return;
    }
    const { options, owner, lastGood } = this;
    this.standingBy = false;
    this.term = new Term({ ...options, owner, lastGood, leading: () => this.election.leading });
    this.term.start();
    signal.addEventListener('abort', () => void this.end());
  }

  private end(): Promise<void> {
    const { term } = this;
    if (term) {
      this.term = undefined;
      this.lastGood = term.lastGood;
      this.ending = term.stop();
    }
    return this.ending;
  }
}
