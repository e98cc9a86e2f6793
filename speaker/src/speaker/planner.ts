import { Announcer, mergePlan, type AnnouncedService, type AnnouncerOptions, type Decision, type Endpoint, type NodeView, type PlannedAddress } from '../announcement';
import type { Config } from '../config';

export interface Plan {
  readonly addresses: readonly PlannedAddress[];
  readonly decisions: ReadonlyMap<string, Decision>;
}

/**
 * Keeps the decision for each Service and makes only those anew whose inputs changed: a change of one Service or of its endpoints costs that one decision,
 * a change of the configuration or of the nodes all of them. Merging the plan is linear in the number of announced addresses.
 */
export class Planner {
  private readonly services = new Map<string, AnnouncedService>();
  /** Endpoints by Service, then by slice: a Service with many pods, or of two families, has several slices. */
  private readonly slices = new Map<string, Map<string, readonly Endpoint[]>>();
  private readonly decisions = new Map<string, Decision>();
  private readonly dirty = new Set<string>();
  private announcer?: Announcer;

  constructor(private readonly options: AnnouncerOptions) {}

  /** New configuration or nodes: every decision is made anew. */
  setContext(config: Config, nodes: readonly NodeView[]): void {
    this.announcer = new Announcer(config, nodes, this.options);
    this.services.forEach((_, key) => this.dirty.add(key));
  }

  setService(service: AnnouncedService): void {
    this.services.set(service.key, service);
    this.dirty.add(service.key);
  }

  deleteService(key: string): void {
    this.services.delete(key);
    this.dirty.add(key);
  }

  /** @param endpoints `undefined` when the slice is gone */
  setSlice(service: string, slice: string, endpoints: readonly Endpoint[] | undefined): void {
    const slices = this.slices.get(service) ?? new Map<string, readonly Endpoint[]>();
    if (endpoints) {
      slices.set(slice, endpoints);
      this.slices.set(service, slices);
    } else if (slices.delete(slice) && slices.size === 0) {
      this.slices.delete(service);
    }
    this.dirty.add(service);
  }

  /** The plan as of now, with the keys of the Services whose decision was made anew; `undefined` before the first context. */
  update(): (Plan & { readonly changed: readonly string[] }) | undefined {
    if (!this.announcer) {
      return undefined;
    }
    const changed = [...this.dirty];
    this.dirty.clear();
    for (const key of changed) {
      const service = this.services.get(key);
      if (service) {
        this.decisions.set(key, this.announcer.decide(service, [...this.slices.get(key)?.values() ?? []].flat()));
      } else {
        this.decisions.delete(key);
      }
    }
    return { addresses: mergePlan(this.decisions), decisions: this.decisions, changed };
  }
}
