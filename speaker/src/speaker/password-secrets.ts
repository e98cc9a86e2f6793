import { Reflector, SECRETS, projectWhole, type KubeClient, type Secret, type Stored } from '../kube';
import type { Logger } from '../observability';

interface Watched {
  readonly reflector: Reflector<Stored<Secret>>;
  /** The API server has said what there is, or that it does not say. */
  answered: boolean;
}

/**
 * The Secrets that peers name for their passwords. Each is watched by its name, so that RBAC can allow these and no others. One that may not be read is as
 * if it were not there, which the configuration reports; it makes no speaker unready.
 */
export class PasswordSecrets {
  private readonly watched = new Map<string, Watched>();

  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
    private readonly onChange: () => void,
    private readonly log: Logger,
  ) {}

  /** Watches these, and no others any more. */
  want(names: ReadonlySet<string>): void {
    for (const [name, { reflector }] of this.watched) {
      if (!names.has(name)) {
        void reflector.stop();
        this.watched.delete(name);
      }
    }
    for (const name of names) {
      if (!this.watched.has(name)) this.watched.set(name, this.watch(name));
    }
  }

  /** True while one that is wanted has not been looked for yet. */
  get pending(): boolean {
    return [...this.watched.values()].some(({ answered }) => !answered);
  }

  snapshot(): Stored<Secret>[] {
    return [...this.watched.values()].flatMap(({ reflector }) => reflector.store.snapshot());
  }

  async stop(): Promise<void> {
    await Promise.all([...this.watched.values()].map(({ reflector }) => reflector.stop()));
  }

  private watch(name: string): Watched {
    let failing = false;
    const answer = () => {
      if (!watched.answered) {
        watched.answered = true;
        this.onChange();
      }
    };
    const reflector = new Reflector<Stored<Secret>>(this.client, {
      resource: SECRETS,
      namespace: this.namespace,
      fieldSelector: `metadata.name=${name}`,
      project: (raw) => projectWhole<Secret>(raw),
      onChange: () => watched.answered && this.onChange(),
      onState: ({ error, healthy }) => {
        if (error && !failing) {
          failing = true;
          this.log.warn({ error, secret: name }, `cannot watch Secret ${name}, which a BGPPeer names for its password; `
            + `the Role of the speaker must allow get, list and watch of it: ${error.message}`);
        } else if (healthy) {
          failing = false;
        }
        if (error) answer();
      },
    });
    const watched: Watched = { reflector, answered: false };
    reflector.synced.then(answer, () => undefined); // rejects when it is stopped before
    reflector.start();
    return watched;
  }
}
