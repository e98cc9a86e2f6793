import { Config } from '../config';
import { IpAddress } from '../ip';
import { Allocator } from './allocator';
import { AddressCondition, assignedCondition, conditionDiffers, refusedCondition } from './condition';
import { Decision, differs, ServiceEvent } from './decision';
import { Allocation } from './ledger';
import { quoteList, quoteSome, Reason, ReasonCode, reasonText } from './reason';
import { annotation, ANNOTATIONS, deprecatedAnnotationsOf, hasClass, ingressAddresses, ServiceInput, unreadableAnnotations } from './service-input';
import { baseRequest, clusterFamilies, portText, ServiceRequest, wantedAddresses, wantedMismatch } from './service-request';
import { leftAlone, unusablePoolOf } from './unusable-pools';

/** What the controller was started with. */
export interface ConvergeOptions {
  /** `spec.loadBalancerClass` of the Services it serves; absent for Services without one. */
  readonly loadBalancerClass?: string;
  /** Addresses that the status showed when this controller last wrote it, or found nothing to write; absent when it never did. */
  readonly wrote?: readonly string[];
}

/** What waits for others to free something, or for time to pass. */
const WAITS: readonly ReasonCode[] = ['NoAvailableIPs', 'SharingKeyConflict', 'PortConflict', 'NamespaceLimit', 'AddressReserved', 'AddressQuarantined'];

/**
 * Decides what is to be done about one Service, and records it in the ledger.
 *
 * The order is MetalLB's: claim what the Service has, give up what it may not keep, find what it lacks. It differs where MetalLB moves or drops an
 * address without need: a change of IP families keeps the address of the family that stays, a single-stack Service never gets a second family, and
 * everything freed lets waiting Services try again. What a Service has is what the ledger says, and its status only when the ledger does not know it: a
 * status read from a cache may be older than our last write, and must not move the address back, nor on.
 *
 * A Service that shows addresses of no pool loses them and gets others, as with MetalLB, also when it bears no annotation of ours: it is of type
 * LoadBalancer and of our class, so no other controller has a right to it. Exceptions, because then the pool may merely not be known: no configuration
 * has been read; there has been no pool since the start; the pool is wrong.
 *
 * @param allocator has been told of the pools of `config`, and all Services have gone through `loadExisting`
 * @param config undefined until one has been read: then nothing is decided
 */
export function converge(service: ServiceInput, allocator: Allocator, config: Config | undefined, options: ConvergeOptions = {}): Decision {
  return new Convergence(service, allocator).run(config, options);
}

class Convergence {
  private readonly events: ServiceEvent[] = [];
  private readonly request: ServiceRequest;
  private readonly before: Allocation | undefined;
  /** What it has: addresses in the ledger, else in the status; undefined when that cannot be read. */
  private readonly has: readonly IpAddress[] | undefined;

  constructor(private readonly service: ServiceInput, private readonly allocator: Allocator) {
    this.request = baseRequest(service);
    this.before = allocator.get(this.request.key);
    this.has = this.before?.ips ?? ingressAddresses(service);
  }

  run(config: Config | undefined, { loadBalancerClass, wrote }: ConvergeOptions): Decision {
    if (!config) return this.untouched('ignored', notConfigured);
    const ours = hasClass(this.service, loadBalancerClass);
    if (this.service.spec?.type !== 'LoadBalancer') return ours || this.before ? this.notLoadBalancer() : this.untouched('ignored', notLoadBalancer);
    if (!ours) return this.otherClass();

    for (const text of unreadableAnnotations(this.service)) this.event('Warning', 'InvalidAnnotation', text);
    this.tellOfOthers(wrote);
    const has = this.has ?? [];
    const pool = unusablePoolOf(this.service, has, this.allocator, config);
    if (pool !== undefined) {
      this.allocator.reserve(this.request, has, pool);
      return this.untouched('kept', leftAlone(pool, quoteList(has)));
    }
    if (config.pools.length === 0) {
      const reason = noPools(config);
      return this.shownTexts.length > 0 && !this.allocator.hasHadPools ? this.untouched('kept', reason) : this.refuse(reason, 'AllocationFailed');
    }
    return this.serve(config);
  }

  /** Somebody else has written the status: what is shown is neither what this controller wrote nor on its way. */
  private tellOfOthers(wrote: readonly string[] | undefined): void {
    const held = this.before?.ips.map(String);
    if (!held || !wrote || `${wrote}` !== `${held}` || `${this.shownTexts}` === `${held}`) return;
    this.event('Warning', 'StatusOverwritten', `Status showed ${quoteList(this.shownTexts)}, which somebody else wrote; it is set back to ${quoteList(held)}`);
  }

  private serve(config: Config): Decision {
    const cluster = clusterFamilies(this.service);
    if (!cluster.ok && cluster.reason.code === 'NoClusterIP') return this.refuse(cluster.reason, 'AllocationFailed');
    if (!cluster.ok) {
      this.event('Warning', 'noclusterIPsIPFamily', reasonText(cluster.reason));
      return this.claim(this.has ?? []) ? this.have(cluster.reason) : this.refuse(cluster.reason);
    }
    const request = { ...this.request, families: cluster.families };
    if (request.ipFamilyPolicy === 'RequireDualStack' && request.families.length < 2) return this.refuse(notEnoughClusterIps, 'not enough clusterips');

    const held = this.claim(this.keepable(request));
    const wanted = wantedAddresses(this.service);
    if (held && this.mayKeepPool(request, held)) {
      if (!wanted.ok) {
        this.event('Warning', 'LoadBalancerFailed', reasonText(wanted.reason));
        return this.have(wanted.reason);
      }
      const elsewhere = unusablePoolOf({ metadata: { name: '' } }, wanted.wanted, this.allocator, config);
      if (elsewhere !== undefined) return this.have(leftAlone(elsewhere, quoteList(wanted.wanted)));
      if (this.mayKeepIps(wanted.wanted, held)) {
        const done = this.extendIfDual({ ...request, wanted: wanted.wanted }, held);
        if (done) return done;
      }
    } else if (held && isUnusable(config, request.pool)) {
      return this.have(leftAlone(request.pool!, `pool ${JSON.stringify(request.pool)}`));
    } else if (held) {
      this.event('Normal', 'ClearAssignment', `Cleared ${quoteList(held.ips)}: pool ${JSON.stringify(request.pool)} is requested`);
    }
    if (!wanted.ok) return this.refuse(wanted.reason, 'AllocationFailed');
    return this.allocate({ ...request, wanted: wanted.wanted });
  }

  /** Of the addresses it has, those of the families it has now. */
  private keepable({ families }: ServiceRequest): readonly IpAddress[] {
    const has = this.has ?? [];
    const readable = this.has !== undefined && has.length <= 2 && has[0]?.family !== has[1]?.family;
    if (!readable && this.shownTexts.length > 0) {
      this.event('Warning', 'nolbIPsIPFamily', `status holds neither one address nor one of each family: ${quoteList(this.shownTexts)}; other addresses are assigned`);
      return [];
    }
    const keepable = has.filter(({ family }) => families.includes(family));
    if (keepable.length < has.length) {
      const dropped = has.filter((ip) => !keepable.includes(ip));
      this.event('Normal', 'ClearAssignment', `Cleared ${quoteList(dropped)}: the service has ${families.join(' and ')} cluster IPs only`);
    }
    return keepable;
  }

  /** Takes the addresses into the ledger, or gives up what it holds. */
  private claim(ips: readonly IpAddress[]): Allocation | undefined {
    if (ips.length > 0) {
      const result = this.allocator.assign(this.request, ips);
      if (result.ok) return this.allocator.get(this.request.key);
      this.event('Normal', 'ClearAssignment', `Cleared ${quoteList(ips)}: ${reasonText(result.reason)}`);
    }
    this.allocator.release(this.request.key);
    return undefined;
  }

  private mayKeepPool({ pool }: ServiceRequest, held: Allocation): boolean {
    return pool === undefined || pool === held.pool;
  }

  private mayKeepIps(wanted: readonly IpAddress[], { ips }: Allocation): boolean {
    const same = wanted.length === 0 || (wanted.length === ips.length && wanted.every((ip) => ips.some((own) => own.equals(ip))));
    if (!same) this.event('Normal', 'ClearAssignment', `Cleared ${quoteList(ips)}: ${quoteList(wanted)} is requested`);
    return same;
  }

  /**
   * What it keeps is enough, or is made so. Undefined when it must have both families and its pool cannot give the other.
   *
   * MetalLB adds a second family whenever PreferDualStack shows one address, also where the cluster has but one family; then it finds that families
   * differ, clears both, and starts again, for ever. The families of the cluster IPs decide here. One address asked for by number stays one.
   */
  private extendIfDual(request: ServiceRequest, { ips }: Allocation): Decision | undefined {
    if (request.wanted.length > 0) return this.have(wantedMismatch(request.wanted, request.families));
    if (ips.length === request.families.length) return this.have();
    const result = this.allocator.extend(request);
    if (result.ok) {
      this.event('Normal', 'IPAllocated', `Assigned additional IP ${quoteList(result.ips.slice(1))}`);
      return this.have();
    }
    if (request.ipFamilyPolicy === 'PreferDualStack') {
      this.event('Normal', 'AdditionalAssignFailed', `Failed to assign additional IP for ${JSON.stringify(request.key)}: ${reasonText(result.reason)}`);
      return this.have(result.reason);
    }
    this.event('Normal', 'ClearAssignment', `Cleared ${quoteList(ips)}: the service needs both families, and ${reasonText(result.reason)}`);
    return undefined;
  }

  private allocate(request: ServiceRequest): Decision {
    this.allocator.release(request.key);
    const result = this.allocator.allocate(request);
    if (!result.ok) return this.refuse(result.reason, 'AllocationFailed');
    this.event('Normal', 'IPAllocated', `Assigned IP ${quoteList(result.ips)}`);
    const more = result.ips.length < request.families.length ? this.allocator.extend(request) : result;
    return this.have(more.ok ? undefined : more.reason);
  }

  private notLoadBalancer(): Decision {
    this.allocator.release(this.request.key);
    const decision = this.decide([], undefined, 'cleared', notLoadBalancer);
    return decision.write || this.before ? decision : { ...decision, outcome: 'ignored' };
  }

  /** Hands off its status. Our record of it goes once it no longer shows what it had from us, so that nobody gets an address that is still shown. */
  private otherClass(): Decision {
    const stillShown = this.before?.ips.some((ip) => this.shownTexts.includes(`${ip}`));
    if (!stillShown) this.allocator.release(this.request.key);
    return this.untouched('ignored', otherClass);
  }

  private refuse(reason: Reason, event?: ServiceEvent['reason']): Decision {
    this.allocator.release(this.request.key);
    const failed = event === 'AllocationFailed' ? `Failed to allocate IP for ${JSON.stringify(this.request.key)}: ` : '';
    if (event !== undefined) this.event('Warning', event, `${failed}${reasonText(reason)} (${reason.code})`);
    return this.decide([], undefined, 'refused', reason, refusedCondition(reason));
  }

  /** It has what the ledger says. */
  private have(lack?: Reason): Decision {
    const { ips, pool } = this.allocator.get(this.request.key)!;
    const remark = this.allocator.remark(this.request, ips);
    if (remark) this.event('Warning', remark.code, `Kept ${quoteList(ips)}: ${reasonText(remark)}`);
    const reason = lack ?? remark;
    const ingress = ips.map(String);
    const kept = ingress.length === this.shownTexts.length && ingress.every((ip, index) => ip === this.shownTexts[index]);
    if (kept && annotation(this.service, ANNOTATIONS.allocatedFromPool) === undefined) {
      this.event('Normal', 'IPAdopted', `Took over ${quoteList(ips)} of pool ${JSON.stringify(pool)}: the status showed it, and does not say where it is from`);
    }
    return this.decide(ingress, pool, kept ? 'kept' : 'assigned', reason, assignedCondition(ingress, pool, reason));
  }

  private untouched(outcome: 'kept' | 'ignored', reason: Reason): Decision {
    const annotations = this.service.metadata.annotations ?? {};
    const decision = this.decide(this.shownTexts, annotations[ANNOTATIONS.allocatedFromPool], outcome, reason);
    return { ...decision, write: false, waiting: false };
  }

  private decide(
    ingress: readonly string[], poolAnnotation: string | undefined, outcome: Decision['outcome'], reason: Reason | undefined, condition?: AddressCondition,
  ): Decision {
    const after = this.allocator.get(this.request.key);
    const freed = this.before?.ips.some((ip) => !after?.ips.some((own) => own.equals(ip))) ?? false;
    const moved = differs(this.service, ingress, poolAnnotation);
    if (moved) {
      for (const name of deprecatedAnnotationsOf(this.service)) {
        this.event('Warning', 'deprecatedAnnotation', `annotation ${name} is deprecated; use the prefix metallb.io/`);
      }
    }
    const write = moved || conditionDiffers(this.service, condition);
    const { before, events } = this;
    const retryWaiters = freed || (before !== undefined && after !== undefined && sharingText(before) !== sharingText(after));
    const waiting = reason !== undefined && WAITS.includes(reason.code);
    return { ingress, poolAnnotation, condition, write, events, outcome, reason, freed, retryWaiters, waiting };
  }

  private get shownTexts(): string[] {
    return (this.service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ? [ip] : []);
  }

  private event(type: ServiceEvent['type'], reason: ServiceEvent['reason'], message: string): void {
    this.events.push({ type, reason, message });
  }
}

function isUnusable(config: Config, pool: string | undefined): boolean {
  return config.unusable.some(({ kind, name }) => kind === 'IPAddressPool' && name === pool);
}

function noPools({ unusable }: Config): Reason {
  const names = unusable.filter(({ kind }) => kind === 'IPAddressPool').map(({ name }) => name);
  return names.length > 0
    ? { code: 'NoPools', message: 'no IPAddressPool is valid', asked, fix: `correct IPAddressPool ${quoteSome(names)}` }
    : { code: 'NoPools', message: 'no IPAddressPool exists', asked, fix: 'create an IPAddressPool with the addresses to assign' };
}

function sharingText({ sharingKey, backendKey, ports }: Allocation): string {
  return JSON.stringify([sharingKey, backendKey, ports.map(portText).sort()]);
}

const asked = 'an address';
const notConfigured: Reason = { code: 'NotConfigured', message: 'no configuration has been read yet', asked, fix: 'wait for the controller to read the IPAddressPools' };
const notLoadBalancer: Reason = {
  code: 'NotLoadBalancer', message: 'service is not of type LoadBalancer', asked: 'nothing', fix: 'set spec.type to LoadBalancer to have an address assigned',
};
const otherClass: Reason = {
  code: 'OtherClass',
  message: 'spec.loadBalancerClass names another load balancer',
  asked,
  fix: 'remove spec.loadBalancerClass, or start the controller with --lb-class of that name',
};
const notEnoughClusterIps: Reason = {
  code: 'NotEnoughClusterIPs',
  message: 'service requires dual-stack but has fewer than two cluster IPs',
  asked: 'an IPv4 and an IPv6 address',
  fix: 'give the cluster service addresses of both families, or set spec.ipFamilyPolicy to PreferDualStack',
};
