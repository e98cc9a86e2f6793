import {
  isKubeError, newerOf, projectWhole, SECRETS, systemClock, VALIDATING_WEBHOOK_CONFIGURATIONS,
  type Clock, type KubeClient, type KubeObject, type Reflector, type Secret, type Stored,
} from '../kube';
import type { Logger } from '../observability';
import { MADE_BY_US, Throttle, type Watches } from '../role';
import type { KeyPair } from '../tls';
import { fromSecret, inspect, renew, toSecret, type CertificateSet } from './certificate-set';

/** Name of what tells the API server about the webhook. The manifests make it; which objects it is asked about, and what happens without an answer, stands there. */
export const WEBHOOK_CONFIGURATION = 'metallb-webhook-configuration';

/** Pause between two attempts, in milliseconds. */
const RETRY_MS = 1_000;
/**
 * Certificates are looked at so often, in milliseconds: their time is that of the wall clock, and one that is set, as where the machine has no battery, can make
 * one bad at any moment, in either direction.
 */
const LOOK_MS = 60_000;

export interface CertificatesOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Name of the Secret. */
  readonly secret: string;
  /** Name of the Service by which the API server reaches the webhook. */
  readonly service: string;
  readonly log: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig?: { readonly caBundle?: string; readonly service?: { readonly name: string; readonly namespace: string } };
  }[];
}

/**
 * Keeps the certificates of the webhook: in a Secret that all controllers share, and their authority in the configuration by which the API server trusts them.
 *
 * Each controller does the same, and none waits for another. A write is guarded by the version that it was decided on, so of several that find the Secret
 * missing or out of date one makes it, and the others take what that one made. Both objects are watched: what somebody deletes or overwrites is put right.
 * A server goes over to a new certificate after the API server was told whom to trust.
 */
export class Certificates {
  private readonly secrets: Reflector<Stored<Secret>>;
  private readonly configurations: Reflector<Stored<WebhookConfiguration>>;
  private readonly throttle: Throttle;
  private readonly names: readonly string[];
  private readonly clock: Clock;
  private cancel?: () => void;
  private set?: CertificateSet;
  /** What the API server answered to our last write, which the watch may not have brought yet. */
  private answer?: Stored<Secret>;
  private problem = 'its certificates have not been read yet';

  /** Adds its watches; the caller starts them. */
  constructor(private readonly options: CertificatesOptions, watches: Watches) {
    const { namespace, secret, service, log, clock = systemClock } = options;
    this.clock = clock;
    this.names = [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`, `${service}.${namespace}`];
    this.throttle = new Throttle(() => this.tend(), RETRY_MS, (error) => {
      this.problem = error.message;
      log.warn({ error }, `cannot keep the certificates of the webhook: ${error.message}`);
    });
    let synced = false;
    const onChange = () => synced && this.throttle.request();
    this.secrets = watches.add<Stored<Secret>>({
      resource: SECRETS,
      namespace,
      fieldSelector: `metadata.name=${secret}`,
      project: (raw) => projectWhole<Secret>(raw),
      onChange: ({ type }) => {
        if (type === 'deleted') this.answer = undefined;
        onChange();
      },
    });
    this.configurations = watches.add<Stored<WebhookConfiguration>>({
      resource: VALIDATING_WEBHOOK_CONFIGURATIONS,
      fieldSelector: `metadata.name=${WEBHOOK_CONFIGURATION}`,
      project: (raw) => projectWhole<WebhookConfiguration>(raw),
      onChange,
    });
    // Not when both are there: who may not read the configuration, or has none, serves all the same.
    this.secrets.synced.then(() => {
      synced = true;
      this.throttle.request();
    }, () => undefined);
  }

  /** What to serve with. @throws Error when there is none yet */
  current(): KeyPair {
    if (!this.set) throw new Error(`the webhook has no certificate: ${this.problem}`);
    return this.set.serving;
  }

  /** Why there is none yet. */
  check(): string | undefined {
    return this.set ? undefined : this.problem;
  }

  stop(): void {
    this.cancel?.();
    this.throttle.stop();
  }

  /** Brings Secret and configuration to what they ought to be. */
  private async tend(): Promise<void> {
    this.lookAgain();
    const { log, secret } = this.options;
    const now = this.clock.wallTime();
    const stored = this.newest();
    let set = fromSecret(stored?.data);
    const defect = set ? inspect(set, this.names, now) : { anew: 'everything' as const, why: stored ? 'the Secret lacks an entry' : 'there is no Secret' };
    if (defect) {
      log.info({ secret, anew: defect.anew }, `making certificates of the webhook: ${defect.why}`);
      set = await this.write(stored, await renew(set ?? this.set, defect.anew, this.names, now));
    }
    if (!set) {
      this.throttle.request(); // another controller was faster
      return;
    }
    if (!this.set) this.take(set); // better one that is not trusted yet than none
    try {
      await this.tell(set.caCert);
    } catch (error) {
      // Somebody changed it meanwhile: at the next attempt it is told. One that we may not write is told by whoever may.
      if (!isKubeError(error, 'Conflict', 'Invalid')) this.take(set);
      throw error;
    }
    this.take(set);
  }

  private take(set: CertificateSet): void {
    const { cert, key } = set.serving;
    if (this.set?.serving.cert !== cert || this.set.serving.key !== key) {
      this.set = set;
      this.options.log.info({}, 'the webhook has a certificate');
    } else {
      this.set = { ...set, serving: this.set.serving }; // the same object, so that connections see no change
    }
  }

  /** @returns undefined when somebody else has changed the Secret meanwhile */
  private async write(stored: Stored<Secret> | undefined, set: CertificateSet): Promise<CertificateSet | undefined> {
    const { client, namespace, secret: name } = this.options;
    const data = toSecret(set);
    try {
      if (stored) {
        const { resourceVersion } = stored.metadata;
        this.answer = await client.patch<Stored<Secret>>(SECRETS, name, { metadata: { resourceVersion }, data }, { namespace });
      } else {
        this.answer = await client.create<Stored<Secret>>(SECRETS, {
          apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, labels: MADE_BY_US }, type: 'Opaque', data,
        }, { namespace });
      }
      return set;
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
      this.answer = await client.get<Stored<Secret>>(SECRETS, name, { namespace }).catch((reason) => {
        if (isKubeError(reason, 'NotFound')) return undefined;
        throw reason;
      });
      return undefined;
    }
  }

  /** Puts the authority into each hook that leads to us. */
  private async tell(caCert: string): Promise<void> {
    const { client, namespace, service, log } = this.options;
    const wanted = Buffer.from(caCert).toString('base64');
    for (const { metadata: { name, resourceVersion }, webhooks = [] } of this.configurations.store.snapshot()) {
      const wrong = webhooks.flatMap(({ clientConfig }, index) => (
        clientConfig?.service?.name === service && clientConfig.service.namespace === namespace && clientConfig.caBundle !== wanted ? [index] : []
      ));
      if (wrong.length === 0) continue;
      await client.patch(VALIDATING_WEBHOOK_CONFIGURATIONS, name, [
        { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, // the places are those of this version
        ...wrong.map((index) => ({ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted })),
      ], { type: 'json' });
      log.info({ hooks: wrong.map((index) => webhooks[index].name) }, `told the API server, in ${name}, whom to trust`);
    }
  }

  private lookAgain(): void {
    this.cancel?.();
    this.cancel = this.clock.schedule(() => this.throttle.request(), LOOK_MS);
  }

  /** The Secret as the watch brought it, or as the API server answered, whichever is newer. */
  private newest(): Stored<Secret> | undefined {
    const [watched] = this.secrets.store.snapshot();
    return newerOf(watched, this.answer);
  }
}
