// Generated from crds/metallb.io.yaml by projenrc/crd-types.ts. Change those, not this.

/**
 * A condition on one label.
 */
export interface LabelSelectorRequirement {
  /**
   * Name of the label.
   */
  key: string;
  /**
   * In, NotIn, Exists or DoesNotExist.
   */
  operator: string;
  /**
   * The values to compare with; needed by In and NotIn, not allowed with Exists and DoesNotExist.
   */
  values?: string[];
}

/**
 * Chooses objects by their labels; every line of matchLabels and matchExpressions must hold. An empty selector ({}) chooses everything.
 */
export interface LabelSelector {
  /**
   * Labels that the object must have, with exactly these values.
   */
  matchLabels?: {
    [k: string]: string;
  };
  /**
   * Conditions on labels; all of them must hold.
   */
  matchExpressions?: LabelSelectorRequirement[];
}

/**
 * One finding about the object, and since when it stands.
 */
export interface Condition {
  /**
   * What the condition is about, in CamelCase.
   */
  type: string;
  /**
   * Whether it holds.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * Why, as one word for programs.
   */
  reason: string;
  /**
   * Why, as text for people. May be empty.
   */
  message: string;
  /**
   * When the status was last set.
   */
  lastTransitionTime: string;
  /**
   * Generation of the object that the condition speaks of.
   */
  observedGeneration?: number;
}

/**
 * The addresses, and the Services that may have them.
 */
export interface IPAddressPoolSpec {
  /**
   * What the pool holds. Each entry is a single address (93.5.22.100), a CIDR (93.5.22.96/28) or a range (93.5.22.100-93.5.22.109), IPv4 or IPv6. A bare address means that one address, as with /32 or /128; MetalLB wants the /32 or /128 written. Both ends of a range belong to it and are of one family. A CIDR gives out all of its addresses, the first and the last too. No address may be in two entries, nor in two pools.
   */
  addresses: string[];
  /**
   * Whether a Service that asks for nothing in particular may be given an address of this pool. With false only a Service that names the pool (annotation metallb.io/address-pool) or one of its addresses (annotation metallb.io/loadBalancerIPs) gets one.
   */
  autoAssign?: boolean;
  /**
   * Whether to leave out IPv4 addresses that end in .0 or .255, which some old home routers take for broadcasts and drop.
   */
  avoidBuggyIPs?: boolean;
  /**
   * Reserves the pool for some Services. Such pools are tried before the pools open to all. The namespace of the Service must be among namespaces or chosen by namespaceSelectors, if either is given, and its labels must match serviceSelectors, if given.
   */
  serviceAllocation?: {
    /**
     * Order among the reserved pools that a Service may use, lowest first. 0 or absent comes last.
     */
    priority?: number;
    /**
     * Names of the namespaces whose Services may use the pool.
     */
    namespaces?: string[];
    /**
     * Chooses namespaces by their labels; one matching selector is enough. Added to namespaces.
     */
    namespaceSelectors?: LabelSelector[];
    /**
     * Chooses Services by their labels; one matching selector is enough.
     */
    serviceSelectors?: LabelSelector[];
  };
}

/**
 * How full the pool is. Written by the controller; changes by hand are undone.
 */
export interface IPAddressPoolStatus {
  /**
   * IPv4 addresses in use. An address that Services share counts once.
   */
  assignedIPv4: number;
  /**
   * IPv6 addresses in use. An address that Services share counts once.
   */
  assignedIPv6: number;
  /**
   * IPv4 addresses still free.
   */
  availableIPv4: number;
  /**
   * IPv6 addresses still free, at most 9223372036854775807 (the largest number that this field can hold).
   */
  availableIPv6: number;
}

/**
 * Which addresses to announce, from where, and for which Services.
 */
export interface L2AdvertisementSpec {
  /**
   * Names of the pools to announce, added to those that ipAddressPoolSelectors choose. With neither, every pool. Unknown names are ignored.
   */
  ipAddressPools?: string[];
  /**
   * Chooses pools by their labels; one matching selector is enough.
   */
  ipAddressPoolSelectors?: LabelSelector[];
  /**
   * Nodes that may announce, chosen by their labels; one matching selector is enough. Empty means every node.
   */
  nodeSelectors?: LabelSelector[];
  /**
   * Nodes to prefer among those that may announce. The node with the highest sum of weights comes first; when it fails, the next one takes over.
   */
  preferredNodeSelectors?: {
    /**
     * Added to the score of each node that the preference matches, 1 to 100.
     */
    weight: number;
    preference: LabelSelector;
  }[];
  /**
   * Exact names of the network interfaces to announce on, such as eth0. Empty means every interface. The node that is chosen needs at least one of them.
   */
  interfaces?: string[];
  /**
   * Services that this advertisement is for, chosen by their labels; one matching selector is enough. Empty means every Service. Not for Services that share an address.
   */
  serviceSelectors?: LabelSelector[];
}

/**
 * Unused.
 */
export interface L2AdvertisementStatus {}

/**
 * Which addresses to announce, to whom, from where, and with which attributes.
 */
export interface BGPAdvertisementSpec {
  /**
   * Prefix length of the announced IPv4 routes, 1 to 32. Below 32 the addresses of a pool are announced as one larger prefix, which must lie within the pool.
   */
  aggregationLength?: number;
  /**
   * Prefix length of the announced IPv6 routes, at most 128. Like aggregationLength.
   */
  aggregationLengthV6?: number;
  /**
   * LOCAL_PREF of the routes (RFC 4271, 5.1.5); routers prefer the higher one. Sent only to peers in the same AS. Default 0. Two advertisements of one route must agree on it.
   */
  localPref?: number;
  /**
   * How many more times to put the own AS number in front of AS_PATH, 1 to 10, which makes routers outside like the route less. Two advertisements of one route must agree on it.
   */
  asPathPrepend?: number;
  /**
   * Communities to attach: 64512:100 (RFC 1997), large:64512:1:100 (RFC 8092), or a name that a Community object defines.
   */
  communities?: string[];
  /**
   * Names of the pools to announce, added to those that ipAddressPoolSelectors choose. With neither, every pool. Unknown names are ignored.
   */
  ipAddressPools?: string[];
  /**
   * Chooses pools by their labels; one matching selector is enough.
   */
  ipAddressPoolSelectors?: LabelSelector[];
  /**
   * Nodes that announce, chosen by their labels; one matching selector is enough. Empty means every node.
   */
  nodeSelectors?: LabelSelector[];
  /**
   * Names of the BGPPeer objects to announce to. Empty means all of them.
   */
  peers?: string[];
  /**
   * Services that this advertisement is for, chosen by their labels; one matching selector is enough. Empty means every Service. Not together with aggregation.
   */
  serviceSelectors?: LabelSelector[];
}

/**
 * Unused.
 */
export interface BGPAdvertisementStatus {}

/**
 * The router, and the parameters of the session.
 */
export interface BGPPeerSpec {
  /**
   * AS number of the cluster, 1 to 4294967295; 0 is not usable. 64512 to 65534 and 4200000000 to 4294967294 are for private use.
   */
  myASN: number;
  /**
   * AS number that the router must have, 1 to 4294967295. Either this or dynamicASN.
   */
  peerASN?: number;
  /**
   * Accepts what the router says instead of a fixed peerASN: internal wants the same AS number as myASN, external wants another one.
   */
  dynamicASN?: 'internal' | 'external';
  /**
   * AS number to present to this router instead of myASN, 1 to 4294967295 (local AS, RFC 7705).
   */
  localASN?: number;
  /**
   * IPv4 or IPv6 address of the router. Either this or interface.
   */
  peerAddress?: string;
  /**
   * Name of the network interface behind which the router is, for a session without addresses (unnumbered BGP): the router is found by its router advertisements.
   */
  interface?: string;
  /**
   * Address of the node to connect from. Default is what the routing table of the node says.
   */
  sourceAddress?: string;
  /**
   * TCP port of the router, 1 to 16384.
   */
  peerPort?: number;
  /**
   * Time without a message after which the session is dead, such as 90s: at least 3s, or 0s for never (RFC 4271, 4.2). Whole seconds count. Default is three times keepaliveTime when that is set, else 90s.
   */
  holdTime?: string;
  /**
   * Time between two keepalive messages, at most holdTime. Default is a third of holdTime.
   */
  keepaliveTime?: string;
  /**
   * Time between two attempts to connect, whole seconds from 1s to 65535s.
   */
  connectTime?: string;
  /**
   * BGP identifier of the speaker, written as an IPv4 address (RFC 6286). Default is an IPv4 address of the node.
   */
  routerID?: string;
  /**
   * Nodes that connect to this router, chosen by their labels; one matching selector is enough. Empty means every node.
   */
  nodeSelectors?: LabelSelector[];
  /**
   * Key of TCP MD5 signatures (RFC 2385), in clear text. Everybody who may read this object can read it: passwordSecret is safer. Not both.
   */
  password?: string;
  /**
   * Secret with the key of TCP MD5 signatures (RFC 2385): of type kubernetes.io/basic-auth, the key under password. It is read from the namespace of the load balancer.
   */
  passwordSecret?: {
    /**
     * Name of the Secret.
     */
    name?: string;
    /**
     * Not used for the look-up, which is always in the namespace of the load balancer.
     */
    namespace?: string;
  };
  /**
   * Name of the BFDProfile that watches the session. Without one, a dead router is noticed after holdTime only.
   */
  bfdProfile?: string;
  /**
   * Whether the router keeps forwarding while a speaker restarts (RFC 4724). Cannot be changed afterwards: delete the peer and create it anew.
   */
  enableGracefulRestart?: boolean;
  /**
   * Whether the router, of another AS, is more than one hop away.
   */
  ebgpMultiHop?: boolean;
  /**
   * Name of the Linux VRF device to connect through.
   */
  vrf?: string;
  /**
   * Has no effect. Deprecated in favour of dualStackAddressFamily.
   */
  disableMP?: boolean;
  /**
   * Whether to exchange IPv4 and IPv6 routes over the one session (RFC 4760), rather than those of peerAddress's family only.
   */
  dualStackAddressFamily?: boolean;
}

/**
 * Unused.
 */
export interface BGPPeerStatus {}

/**
 * The router, and the parameters of the session.
 */
export interface BGPPeerV1Beta1Spec {
  /**
   * AS number of the cluster, 1 to 4294967295; 0 is not usable. 64512 to 65534 and 4200000000 to 4294967294 are for private use.
   */
  myASN: number;
  /**
   * AS number that the router must have, 1 to 4294967295. Either this or dynamicASN.
   */
  peerASN?: number;
  /**
   * Accepts what the router says instead of a fixed peerASN: internal wants the same AS number as myASN, external wants another one.
   */
  dynamicASN?: 'internal' | 'external';
  /**
   * AS number to present to this router instead of myASN, 1 to 4294967295 (local AS, RFC 7705).
   */
  localASN?: number;
  /**
   * IPv4 or IPv6 address of the router. Either this or interface.
   */
  peerAddress?: string;
  /**
   * Name of the network interface behind which the router is, for a session without addresses (unnumbered BGP): the router is found by its router advertisements.
   */
  interface?: string;
  /**
   * Address of the node to connect from. Default is what the routing table of the node says.
   */
  sourceAddress?: string;
  /**
   * TCP port of the router, 1 to 16384; 0 or absent means 179.
   */
  peerPort?: number;
  /**
   * Time without a message after which the session is dead, such as 90s: at least 3s, or 0s for never (RFC 4271, 4.2). Whole seconds count. Default is three times keepaliveTime when that is set, else 90s.
   */
  holdTime?: string;
  /**
   * Time between two keepalive messages, at most holdTime. Default is a third of holdTime.
   */
  keepaliveTime?: string;
  /**
   * Time between two attempts to connect, whole seconds from 1s to 65535s.
   */
  connectTime?: string;
  /**
   * BGP identifier of the speaker, written as an IPv4 address (RFC 6286). Default is an IPv4 address of the node.
   */
  routerID?: string;
  /**
   * Nodes that connect to this router, chosen by their labels; one matching selector is enough. Empty means every node.
   */
  nodeSelectors?: LabelSelector[];
  /**
   * Key of TCP MD5 signatures (RFC 2385), in clear text. Everybody who may read this object can read it: passwordSecret is safer. Not both.
   */
  password?: string;
  /**
   * Secret with the key of TCP MD5 signatures (RFC 2385): of type kubernetes.io/basic-auth, the key under password. It is read from the namespace of the load balancer.
   */
  passwordSecret?: {
    /**
     * Name of the Secret.
     */
    name?: string;
    /**
     * Not used for the look-up, which is always in the namespace of the load balancer.
     */
    namespace?: string;
  };
  /**
   * Name of the BFDProfile that watches the session. Without one, a dead router is noticed after holdTime only.
   */
  bfdProfile?: string;
  /**
   * Whether the router keeps forwarding while a speaker restarts (RFC 4724). Cannot be changed afterwards: delete the peer and create it anew.
   */
  enableGracefulRestart?: boolean;
  /**
   * Whether the router, of another AS, is more than one hop away.
   */
  ebgpMultiHop?: boolean;
  /**
   * Name of the Linux VRF device to connect through.
   */
  vrf?: string;
  /**
   * Has no effect. Deprecated in favour of dualStackAddressFamily.
   */
  disableMP?: boolean;
  /**
   * Whether to exchange IPv4 and IPv6 routes over the one session (RFC 4760), rather than those of peerAddress's family only.
   */
  dualStackAddressFamily?: boolean;
}

/**
 * Unused.
 */
export interface BGPPeerV1Beta1Status {}

/**
 * Intervals and modes. The other side is considered dead after detectMultiplier intervals without a packet.
 */
export interface BFDProfileSpec {
  /**
   * Shortest time between two control packets that the speaker accepts, in milliseconds, 10 to 60000. Default 300.
   */
  receiveInterval?: number;
  /**
   * Shortest time between two control packets that the speaker sends, before jitter, in milliseconds, 10 to 60000. Default 300.
   */
  transmitInterval?: number;
  /**
   * How many packets in a row may be lost before the session is down, 2 to 255. Default 3.
   */
  detectMultiplier?: number;
  /**
   * Shortest time between two echo packets, in milliseconds, 10 to 60000. Used with echoMode. Default 50.
   */
  echoInterval?: number;
  /**
   * Whether to use the echo function as well (RFC 5880, 6.4). Not with routers more than one hop away. Default false.
   */
  echoMode?: boolean;
  /**
   * Whether to wait for the router's first packet before sending (RFC 5880, 6.1). Default false.
   */
  passiveMode?: boolean;
  /**
   * Lowest TTL that a packet from a router more than one hop away may arrive with, 1 to 254. Default 254.
   */
  minimumTtl?: number;
}

/**
 * Unused.
 */
export interface BFDProfileStatus {}

/**
 * The names and what they stand for.
 */
export interface CommunitySpec {
  /**
   * The names. Each may be defined once among all Community objects.
   */
  communities?: {
    /**
     * The name, as advertisements write it.
     */
    name?: string;
    /**
     * 64512:100, two numbers up to 65535 (RFC 1997), or large:64512:1:100, three numbers up to 4294967295 (RFC 8092).
     */
    value?: string;
  }[];
}

/**
 * Unused.
 */
export interface CommunityStatus {}

/**
 * Unused.
 */
export interface ServiceL2StatusSpec {}

/**
 * The Service, its node, and the interfaces. When the addresses move, the new node writes a new object.
 */
export interface ServiceL2StatusStatus {
  /**
   * Name of the node that answers.
   */
  node?: string;
  /**
   * Name of the Service.
   */
  serviceName?: string;
  /**
   * Namespace of the Service.
   */
  serviceNamespace?: string;
  /**
   * Interfaces that the node answers on. Empty means every interface.
   */
  interfaces?: {
    /**
     * Name of the interface, such as eth0.
     */
    name?: string;
  }[];
}

/**
 * Unused.
 */
export interface ServiceBGPStatusSpec {}

/**
 * The Service, the node, and its peers.
 */
export interface ServiceBGPStatusStatus {
  /**
   * Name of the node that announces.
   */
  node?: string;
  /**
   * Name of the Service.
   */
  serviceName?: string;
  /**
   * Namespace of the Service.
   */
  serviceNamespace?: string;
  /**
   * Names of the BGPPeer objects that the Service is meant for, sorted. Whether a session is up is not told here.
   */
  peers?: string[];
}

/**
 * The result and its reasons. Written by the component.
 */
export interface ConfigurationStateStatus {
  /**
   * Valid, Invalid, or Unknown while nothing was checked yet.
   */
  result?: 'Valid' | 'Invalid' | 'Unknown';
  /**
   * All the problems, one a line. Empty when there is none.
   */
  errorSummary?: string;
  /**
   * What each part of the component found, such as poolReconcilerValid and configReconcilerValid.
   */
  conditions?: Condition[];
}
