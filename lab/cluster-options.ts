import { NetworkOptions } from './network';
import { LabProcess } from './process';

/** How the cluster is made. */
export interface ClusterOptions extends NetworkOptions {
  /** `embedded`: an API server of this project, in memory, there at once. `real`: etcd and kube-apiserver. Default `embedded`. */
  readonly api?: 'embedded' | 'real';
  /** Real clusters only: kube-proxy in each node; without it, the lab's own rules forward to endpoints. Default false. */
  readonly kubeProxy?: boolean;
  /** Real clusters only: kube-controller-manager in `ctl`. Nodes are kept Ready while they are on and reach the API server. Default false. */
  readonly controllerManager?: boolean;
  /** Addresses of Services inside the cluster; two ranges, one a family, make it dual-stack. Default `10.96.0.0/16`. */
  readonly serviceClusterIpRanges?: readonly string[];
  /** Where controller and speakers are said to run. Default `metallb-system`. */
  readonly namespace?: string;
  /** The command of the program, without its role. Default: this Node with `speaker/dist/main.js`. */
  readonly program?: readonly string[];
}

/** How to start a role. */
export interface RoleOptions {
  /** Added to the usual flags. */
  readonly flags?: readonly string[];
  /** Name of its pod object; two controllers need two. Default: `controller`, or `speaker-<node>`. */
  readonly pod?: string;
  /** Instead of the cluster's. */
  readonly program?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /**
   * As whom it talks to the API: with all rights, or as the ServiceAccount `controller` or `speaker` that the applied manifests
   * made, with the rights that they gave it (real API server only; the embedded one has no RBAC). Default `admin`.
   */
  readonly identity?: 'admin' | 'serviceAccount';
  /** How it serves `/metrics`: `secure`, as in a cluster, or in clear. Default `insecure`: the embedded API server reviews no tokens. */
  readonly metrics?: 'secure' | 'insecure';
  /** Longest wait for `/readyz`, ms; 0 does not wait. Default 20 000. */
  readonly readyTimeoutMs?: number;
}

/** Names a Service; the namespace is `default` unless it says otherwise. */
export interface ServiceName {
  readonly namespace?: string;
  readonly name: string;
}

/** A role that runs. */
export interface Role {
  readonly process: LabProcess;
  /** Name of its pod object. */
  readonly pod: string;
  /** Ends it in order and removes its pod object. */
  stop(): Promise<void>;
}
