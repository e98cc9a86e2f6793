import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/**
 * How often the lag of the main thread is looked at, for `nodejs_eventloop_lag_*`, which hold the time from one look to the next. With prom-client's own 10 ms a role
 * at rest is woken a hundred times a second, for nearly all of the processor time that it takes then.
 */
const LAG_SAMPLE_MS = 100;

/**
 * What every role measures. Names that begin with `metallb_` are MetalLB's, so that its dashboards and alerts go on working; ours
 * begin with `hlb_`.
 */
export class Metrics {
  /** Changes that were handed to the role: events of watched objects. */
  readonly updates: Counter;
  /** Changes that could not be acted on. */
  readonly updateErrors: Counter;
  /** 1 once a valid configuration has been loaded. */
  readonly configLoaded: Gauge;
  /** 1 while some object of the configuration is refused, and its last good version (if any) is used in its place. */
  readonly configStale: Gauge;
  /** Seconds since a watch last showed a sign of life. */
  readonly watchAge: Gauge;

  protected readonly registry = new Registry();
  private readonly collectors = new Set<() => void | Promise<void>>();

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_SAMPLE_MS });
    this.updates = this.counter('metallb_k8s_client_updates_total', 'Changes of watched objects that were acted on.');
    this.updateErrors = this.counter('metallb_k8s_client_update_errors_total', 'Changes of watched objects that could not be acted on.');
    this.configLoaded = this.gauge('metallb_k8s_client_config_loaded_bool', '1 once a configuration has been loaded.');
    this.configStale = this.gauge('metallb_k8s_client_config_stale_bool', '1 while an object of the configuration is refused and its last good version, if any, is used.');
    this.watchAge = this.gauge('hlb_watch_age_seconds', 'Seconds since the watch of a resource last brought an event, a bookmark or a list.', ['resource']);
    this.updates.inc(0);
    this.updateErrors.inc(0);
    this.configLoaded.set(0);
    this.configStale.set(0);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /**
   * Runs `collect` before each scrape, for figures that are cheaper to ask for than to follow.
   * @returns ends it
   */
  beforeScrape(collect: () => void | Promise<void>): () => void {
    this.collectors.add(collect);
    return () => this.collectors.delete(collect);
  }

  /** The metrics in Prometheus's text format. */
  async text(): Promise<string> {
    await Promise.all([...this.collectors].map((collect) => collect()));
    return this.registry.metrics();
  }

  protected counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  protected gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  protected histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }
}

/** What the controller measures besides. */
export class ControllerMetrics extends Metrics {
  readonly addressesTotal = this.gauge('metallb_allocator_addresses_total', 'Addresses that a pool can give.', ['pool']);
  readonly addressesInUse = this.gauge('metallb_allocator_addresses_in_use_total', 'Addresses that a pool has given.', ['pool']);
  readonly ipv4Total = this.gauge('metallb_allocator_ipv4_addresses_total', 'IPv4 addresses that a pool can give.', ['pool']);
  readonly ipv4InUse = this.gauge('metallb_allocator_ipv4_addresses_in_use_total', 'IPv4 addresses that a pool has given.', ['pool']);
  readonly ipv6Total = this.gauge('metallb_allocator_ipv6_addresses_total', 'IPv6 addresses that a pool can give.', ['pool']);
  readonly ipv6InUse = this.gauge('metallb_allocator_ipv6_addresses_in_use_total', 'IPv6 addresses that a pool has given.', ['pool']);
  readonly servicesAllocated = this.gauge('metallb_allocator_services_allocated_total', 'Services that have addresses of a pool.', ['pool']);
  readonly pendingServices = this.gauge('hlb_services_pending', 'Services of type LoadBalancer that have no address, by reason.', ['reason']);
  readonly allocationSeconds = this.histogram('hlb_allocation_seconds', 'Seconds from the change of a Service to its written status.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]);
  readonly writesInFlight = this.gauge('hlb_status_writes_in_flight', 'Status writes that the API server has not answered yet.');
  readonly admissions = this.counter('hlb_admission_reviews_total', 'Changes of the configuration that the webhook was asked about.', ['kind', 'operation', 'allowed']);
  readonly queueDepth = this.gauge('hlb_work_queue_depth', 'Services that wait for their turn.');
}

/** What a speaker measures besides. */
export class SpeakerMetrics extends Metrics {
  readonly announced = this.gauge('metallb_speaker_announced', '1 for each address of a Service that this node answers for.',
    ['service', 'protocol', 'node', 'ip']);
  readonly notAnnounced = this.gauge('hlb_services_not_announced', 'Services of type LoadBalancer that no node of the cluster may announce now, by reason and exact cause.',
    ['reason', 'cause']);
  readonly requestsReceived = this.counter('metallb_layer2_requests_received', 'Requests heard for an address that this node answers for.', ['ip']);
  readonly responsesSent = this.counter('metallb_layer2_responses_sent', 'Answers sent for an address.', ['ip']);
  readonly gratuitousSent = this.counter('metallb_layer2_gratuitous_sent', 'Unasked-for announcements sent for an address.', ['ip']);
  readonly unicastSent = this.counter('hlb_layer2_unicast_announcements_total', 'Clients told one by one that an address has moved here.', ['ip']);
  readonly addressHeld = this.gauge('hlb_address_held', '1 for each address that this node answers for, with the reason for which it took it.', ['ip', 'reason']);
  readonly addressHeldSeconds = this.gauge('hlb_address_held_seconds', 'Seconds since this node took an address that it answers for.', ['ip']);
  readonly lastFailover = this.gauge('hlb_address_last_failover_seconds',
    'How long nobody answered at most, when this node last took the address from a node that had died.', ['ip']);
  readonly dark = this.counter('hlb_address_dark_seconds_total', 'Seconds in which nobody answered at most, until this node took the address over.', ['ip']);
  readonly addressContested = this.gauge('hlb_address_contested', '1 for each address that a foreign host is known to use.', ['ip']);
  readonly dropped = this.counter('hlb_layer2_dropped_total', 'Frames that were looked at and not answered, by reason.', ['reason']);
  readonly heartbeats = this.gauge('hlb_heartbeats_enabled', '1 unless heartbeats are switched off, so that every node counts as alive.');
  readonly heartbeatsDropped = this.counter('hlb_heartbeats_dropped_total', 'Heartbeats that were not accepted, by reason.', ['reason']);
  readonly peerUp = this.gauge('hlb_peer_up', 'Whether the speaker of another node is heard and hears us.', ['peer']);
  readonly suspicions = this.counter('hlb_peer_suspicions_total',
    'Peers whose heartbeat was overdue, or refused, and that were asked: answered; found gone (offLan, refused); or left to the detection time (undecided).', ['outcome']);
  readonly peerTrouble = this.gauge('hlb_peer_trouble',
    '1 for a peer that of late signed with a key that is not ours (unknownKey), whose name a second speaker has (duplicate), or whose kernel answers for an address that this node announces (kernelAnswers).', ['peer', 'trouble']);
  readonly kernelAnswers = this.gauge('hlb_kernel_answers',
    '1 for each interface on which the kernel of this node answers for, or speaks in the name of, addresses of Services by itself, with the interface that has them.', ['interface', 'on']);
  readonly authority = this.gauge('hlb_authority', '1 while this speaker may answer; 0 after a stall, until it has heard its peers again.');
  readonly framesReceived = this.counter('hlb_dataplane_frames_received_total',
    'Frames that the kernel handed over: ARP and neighbour discovery about an address of the plan, or from a peer.');
  readonly framesLost = this.counter('hlb_dataplane_frames_lost_total', 'Frames lost because the data plane did not read them in time.');
  readonly sendErrors = this.counter('hlb_dataplane_send_errors_total', 'Packets that the kernel did not take, by the name of the error.', ['error']);
  readonly interfaceGivenUp = this.gauge('hlb_interface_given_up',
    '1 for each interface that is up and takes no frames, so that nothing is announced on it.', ['interface']);
  readonly receiveErrors = this.counter('hlb_dataplane_receive_errors_total', 'Failures to receive, by the name of the error.', ['error']);
  readonly loopLateness = this.gauge('hlb_dataplane_lateness_seconds', 'The worst delay of the data plane\'s clock since the last scrape.');
}
