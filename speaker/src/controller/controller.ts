import { randomUUID } from 'crypto';
import { hostname } from 'os';
import { Webhook } from '../admission';
import type { Config } from '../config';
import { LeaderElection, type Clock, type LeaderElectionOptions, type OwnerReference } from '../kube';
import type { ControllerMetrics } from '../observability';
import { ownPod, type Role, type RoleContext } from '../role';
import type { ControllerOptions } from './run';
import { Term } from './term';

/** Name of the Lease that says which controller gives addresses. */
const LEASE = 'home-load-balancer-controller';

interface Options extends ControllerOptions, RoleContext {
  readonly metrics: ControllerMetrics;
  /** Times of the election; a test has no quarter of a minute. */
  readonly election?: Pick<LeaderElectionOptions, 'leaseDurationMs' | 'renewDeadlineMs' | 'retryMs'>;
  /** By which addresses are kept, and held back. @default the machine's */
  readonly clock?: Clock;
}

/**
 * The controller role. Of several controllers the holder of a Lease gives addresses; the others have read nothing, and wait. Each serves the webhook.
 *
 * A holder that was paused, or cut off from the API server for longer than the Lease lasts, forgets all it knew; it begins again, with a new term, once it
 * has the Lease again. Until then it writes nothing: whether it holds the Lease is a matter of its own clock, and needs no answer from anybody.
 *
 * What a former holder decided must not reach the API server late. Three things see to that: each write asks for the Lease when it is handed to the
 * connection, and when it is repeated; at the end of a term the connection is reset, so that the kernel drops what it has not sent; and a write to a
 * status carries the version it was decided on, so that one which got through all the same is refused once the successor has written there.
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
  private stopping = false;
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
      ...options.election,
      namespace,
      name: LEASE,
      // A container that restarts in its pod is the same candidate, and need not wait for itself; another pod of the same name is another one.
      identity: `${podName ?? hostname()}_${owner?.uid ?? randomUUID()}`,
      onLead: (signal) => void this.lead(signal),
      onFollow: (leader) => {
        this.standingBy = true;
        log.info({ leader }, `standing by: ${leader} gives addresses`);
      },
      log,
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.webhook?.stop();
    await this.end(true); // with the Lease still held, so that what is under way may be written
    await this.election.stop();
  }

  private async lead(signal: AbortSignal): Promise<void> {
    await this.ending;
    if (signal.aborted) {
      return;
    }
    const { options, owner, lastGood } = this;
    this.standingBy = false;
    // The right to write is that of this term: who loses the Lease and gets it again begins anew.
    const client = options.client.fenced(() => this.election.leading && !signal.aborted);
    this.term = new Term({ ...options, client, owner, lastGood });
    this.term.start();
    signal.addEventListener('abort', () => {
      if (!this.stopping) {
        options.client.reset('the Lease is lost, so what was not sent must not be sent any more');
      }
      void this.end(false);
    });
  }

  /** @param inOrder what is under way may still be written */
  private end(inOrder: boolean): Promise<void> {
    const { term } = this;
    if (term) {
      this.term = undefined;
      this.lastGood = term.lastGood;
      this.ending = term.stop(inOrder);
    }
    return this.ending;
  }
}
