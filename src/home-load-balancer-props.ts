import { Duration } from 'cdk8s';
import { ContainerResources, ImagePullPolicy, ISecret } from 'cdk8s-plus-28';
import { Advertisement } from './advertisement';
import { Failback, LogLevel, TlsVersion, WebhookPolicy } from './settings';

/**
 * Properties of a `HomeLoadBalancer`.
 */
export interface HomeLoadBalancerProps {
  /**
   * The addresses to give to Services: addresses (`192.168.1.200`), CIDR blocks (`192.168.1.192/28`), or first and last addresses
   * (`192.168.1.200-192.168.1.220`). They make up the first pool. They must be free: neither in use nor handed out by a DHCP server.
   *
   * @default - none; add pools with `addPool()`
   */
  readonly addresses?: string[];

  /**
   * Name of the IPAddressPool object for `addresses`.
   *
   * @default - made up by cdk8s
   */
  readonly poolName?: string;

  /**
   * How the network learns about `addresses`.
   *
   * @default [Advertisement.l2()]
   */
  readonly advertise?: Advertisement[];

  /**
   * An existing namespace to install into. It must allow privileged pods (Pod Security Standards), because speakers use the network of their node.
   *
   * @default - the namespace of the chart, else a new namespace `metallb-system`
   */
  readonly namespace?: string;

  /**
   * Whether to define the custom resources here. Pass false when `HomeLoadBalancerCrds` or somebody else defines them.
   *
   * @default true
   */
  readonly crds?: boolean;

  /**
   * Serves only Services of this `spec.loadBalancerClass`, so that it may live beside another load balancer. Services that are exposed
   * here get the class.
   *
   * @default - none; serves the Services without a class
   */
  readonly loadBalancerClass?: string;

  /**
   * Image of the program, for both of its roles.
   *
   * @default - the released image of the version of this library
   */
  readonly image?: string;

  /**
   * When to pull the image.
   *
   * @default ImagePullPolicy.IF_NOT_PRESENT
   */
  readonly imagePullPolicy?: ImagePullPolicy;

  /**
   * How much the program says.
   *
   * @default LogLevel.INFO
   */
  readonly logLevel?: LogLevel;

  /**
   * Whether nodes with the label `node.kubernetes.io/exclude-from-external-load-balancers` announce too. kubeadm puts it on control-plane nodes,
   * so this is needed where all nodes are such.
   *
   * @default false
   */
  readonly ignoreExcludeLb?: boolean;

  /**
   * How many controllers run, 1 to 10. One of them gives addresses; when it or its node dies, another goes on within 15 s. Addresses in use
   * do not depend on it.
   *
   * @default 1
   */
  readonly controllerReplicas?: number;

  /**
   * CPU and memory of the controller.
   *
   * @default - requests of 20m and 64Mi, no limits
   */
  readonly controllerResources?: ContainerResources;

  /**
   * CPU and memory of a speaker. Leave out CPU limits: throttled for a moment, a speaker would be late with heartbeats and lose its addresses to
   * another node.
   *
   * @default - requests of 20m and 64Mi, no limits
   */
  readonly speakerResources?: ContainerResources;

  /**
   * Whether the API server asks the controller about changes of the configuration, so that what contradicts other objects is refused, and what becomes of a
   * change when the controller does not answer. One cluster has one such webhook (`metallb-webhook-configuration`).
   *
   * @default WebhookPolicy.IGNORE
   */
  readonly webhookPolicy?: WebhookPolicy;

  /**
   * Secret with the certificate (`tls.crt`) and key (`tls.key`) for the metrics of all pods, in the namespace of the load balancer; renewed ones are taken
   * without a restart. For instance `Secret.fromSecretName()` of cdk8s-plus.
   *
   * @default - each pod makes its own, which nobody can verify
   */
  readonly metricsCertificate?: ISecret;

  /**
   * Whether metrics are served by HTTP to everybody, instead of by HTTPS to whom the API server allows `get` on `/metrics`.
   *
   * @default false
   */
  readonly metricsInsecure?: boolean;

  /**
   * Lowest version of TLS for metrics and webhook.
   *
   * @default TlsVersion.TLS_1_3
   */
  readonly tlsMinVersion?: TlsVersion;

  /**
   * Cipher suites for connections by TLS 1.2, by their IANA names, such as `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`. Only with that `tlsMinVersion`.
   *
   * @default - those of Node.js
   */
  readonly tlsCipherSuites?: string[];

  /**
   * Whether speakers tell each other that they live. Without it every node counts as alive, and the addresses of one that dies are dark until it is taken out of
   * the cluster: for a single node, or where nodes cannot reach each other by UDP.
   *
   * @default true
   */
  readonly heartbeats?: boolean;

  /**
   * UDP port of the nodes on which speakers hear each other, 1 to 65535.
   *
   * @default 7946
   */
  readonly heartbeatPort?: number;

  /**
   * Time between two heartbeats of a speaker, 10 ms to 10 s. A node is dead, and its addresses move, after `heartbeatMultiplier` of these: 0.3 s by
   * default. Longer where nodes hear each other over wireless links.
   *
   * @default Duration.millis(100)
   */
  readonly heartbeatInterval?: Duration;

  /**
   * How many heartbeats may be missed before a node is dead, 2 to 50.
   *
   * @default 3
   */
  readonly heartbeatMultiplier?: number;

  /**
   * Whether a node whose heartbeat is overdue is asked, rather than waited for. One that has lost power or its cable, or whose speaker has ended, is then replaced in about
   * 0.1 s instead of 0.3 s. It adapts by itself to links that answer slowly. Switch it off for machines that often stand still for more than 30 ms, as
   * virtual machines on an overloaded host do.
   *
   * @default true
   */
  readonly fastDetection?: boolean;

  /**
   * When an address goes back to a better node that has returned: one with a higher preference (`preferredNodes`), else an earlier one in MetalLB's order.
   *
   * @default Failback.NEVER
   */
  readonly failback?: Failback;

  /**
   * How long that node must have been there, whole seconds from 1 s to a day; with `Failback.HOLD_DOWN`.
   *
   * @default Duration.seconds(30)
   */
  readonly failbackHoldDown?: Duration;

  /**
   * Regular expression (of JavaScript) for the names of network interfaces on which nothing is announced.
   *
   * @default - the usual names of interfaces of containers, bridges and tunnels
   */
  readonly excludeInterfaces?: string;

  /**
   * Regular expression (of JavaScript) for the names of network interfaces that are asked for all frames: drivers of some wireless ones drop ARP requests
   * for addresses that the kernel does not have. `auto` are the wireless ones, `^$` is none.
   *
   * @default - auto
   */
  readonly promiscuousInterfaces?: string;

  /**
   * Whether a speaker asks the LAN, for 0.3 s, if another host has an address before it announces that for the first time (RFC 5227).
   *
   * @default true
   */
  readonly conflictDetection?: boolean;

  /**
   * Time between two announcements of an address that nobody asked for, which keep it in the tables of switches: 0 (never), or whole seconds up to a day.
   *
   * @default Duration.minutes(1)
   */
  readonly gratuitousArpInterval?: Duration;

  /**
   * The nodes of the cluster. Nothing of this gets into the manifests: with it, `plan()` says who would announce, and node selectors that
   * match none of the nodes are refused.
   *
   * @default - not known
   */
  readonly nodes?: ClusterNode[];
}

/**
 * Properties of a `HomeLoadBalancer` that takes the place of a MetalLB.
 */
export interface InPlaceOfMetalLbProps extends HomeLoadBalancerProps {
  /**
   * Names of the IPAddressPool objects that are in the cluster and are not described in this app. What is in them is not known, so checks that need it are
   * left out.
   *
   * @default - none; pools that are described in this app need not be named
   */
  readonly existingPools?: string[];
}

/**
 * A node of the cluster, as far as it matters for announcing.
 */
export interface ClusterNode {
  /**
   * Name, as in `kubectl get nodes`.
   */
  readonly name: string;

  /**
   * Labels. The label `kubernetes.io/hostname` is the name, unless it is given here.
   *
   * @default - none but the name
   */
  readonly labels?: { [key: string]: string };
}
