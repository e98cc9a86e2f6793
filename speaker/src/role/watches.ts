import { KubeClient, Reflector, type ReflectorOptions, type StoredObject } from '../kube';
import type { Check, Logger, Metrics } from '../observability';
import { Causes } from './causes';

/** A watch that has shown no sign of life for this long makes the role unready, in milliseconds. Servers send a bookmark each minute. */
const STALE_MS = 5 * 60_000;

/** What is told of the state of a watch is the same for all, and told here. */
type WatchOptions<T extends StoredObject> = Omit<ReflectorOptions<T>, 'onState'>;

/** The watches of a role: started together, each seen in log, metrics and readiness. */
export class Watches {
  private readonly forget: () => void;
  private readonly all = new Map<string, Reflector<StoredObject>>();

  constructor(private readonly client: KubeClient, private readonly log: Logger, private readonly metrics: Metrics) {
    this.forget = metrics.beforeScrape(() => {
      this.all.forEach((reflector, resource) => this.metrics.watchAge.set({ resource }, reflector.age() / 1000));
    });
  }

  /** Adds a watch; {@link start} starts it. */
  add<T extends StoredObject>(options: WatchOptions<T>): Reflector<T> {
    const name = options.resource.plural;
    const causes = new Causes();
    const reflector = new Reflector<T>(this.client, {
      ...options,
      onChange: (delta) => {
        this.metrics.updates.inc();
        options.onChange?.(delta);
      },
      onState: (state) => {
        if (state.error) {
          const level = causes.isNew(state.error) ? 'warn' : 'debug';
          this.log[level]({ resource: name, error: state.error, retryInMs: state.retryInMs }, `cannot watch ${name}: ${state.error.message}`);
        } else if (state.healthy && causes.over()) {
          this.log.info({ resource: name }, `watching ${name} again`);
        }
      },
    });
    this.all.set(name, reflector as unknown as Reflector<StoredObject>);
    return reflector;
  }

  /** Starts every watch, and resolves when each has brought its first list. */
  async start(): Promise<void> {
    this.all.forEach((reflector) => reflector.start());
    await Promise.all([...this.all.values()].map((reflector) => reflector.synced));
  }

  async stop(): Promise<void> {
    this.forget();
    await Promise.all([...this.all.values()].map((reflector) => reflector.stop()));
  }

  /** Ready when each watch has brought its list and shown life not too long ago. */
  get check(): Check {
    return () => {
      for (const [name, reflector] of this.all) {
        const age = reflector.age();
        if (!(age < STALE_MS)) {
          return Number.isFinite(age) ? `watch of ${name} silent for ${Math.round(age / 1000)} s` : `no list of ${name} yet`;
        }
      }
      return undefined;
    };
  }
}
