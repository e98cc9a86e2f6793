import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Clock, systemClock } from './clock';
import { KubeError } from './errors';
import { readKubeconfig } from './kubeconfig';
import { FileToken, TokenSource } from './token';

/** What TLS needs. Read anew for each connection, so that renewed files count without a restart. */
export interface TlsMaterial {
  /** PEM. Undefined: the CAs that the operating system or Node trusts. */
  readonly ca?: Buffer;
  /** Client certificate, PEM. */
  readonly cert?: Buffer;
  /** Key of the client certificate, PEM. */
  readonly key?: Buffer;
  /** Name expected in the server's certificate, if it is not that of the server address. */
  readonly servername?: string;
  /** Accept any certificate. Default false. */
  readonly insecureSkipTlsVerify?: boolean;
}

/** How to reach one cluster, as whom. */
export interface ClusterConfig {
  /** Base URL: `https://10.96.0.1:443`, possibly with a path. `http://` means HTTP/2 in clear. */
  readonly server: string;
  /** Where this was read; goes into error messages. */
  readonly source: string;
  /** Namespace of the context, or of the pod. */
  readonly namespace?: string;
  /** Bearer token, if one is used. */
  readonly token?: TokenSource;
  /** @throws KubeError `ConfigInvalid` when a file cannot be read */
  tls(): TlsMaterial;
}

export interface LoadKubeConfigOptions {
  /** Path of a kubeconfig file. @default - `KUBECONFIG`, else the pod's service account, else `~/.kube/config` */
  readonly kubeconfig?: string;
  /** @default - `current-context` of the file */
  readonly context?: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Folder of the pod's service account. @default /var/run/secrets/kubernetes.io/serviceaccount */
  readonly serviceAccountDir?: string;
  readonly clock?: Clock;
}

/**
 * Finds out how to reach the cluster: an explicit kubeconfig, else `KUBECONFIG`, else the service account of the pod that we run in, else `~/.kube/config`.
 *
 * @throws KubeError `ConfigInvalid`, naming the file and what is wrong with it
 */
export function loadKubeConfig(options: LoadKubeConfigOptions = {}): ClusterConfig {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const dir = options.serviceAccountDir ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  if (options.kubeconfig) return readKubeconfig([options.kubeconfig], options.context, clock);
  if (env.KUBECONFIG) return readKubeconfig(env.KUBECONFIG.split(delimiter).filter((path) => path !== ''), options.context, clock);
  if (env.KUBERNETES_SERVICE_HOST && existsSync(join(dir, 'token'))) return inCluster(env, dir, clock);
  const home = join(env.HOME ?? homedir(), '.kube', 'config');
  if (existsSync(home)) return readKubeconfig([home], options.context, clock);
  throw new KubeError('ConfigInvalid',
    `no Kubernetes cluster is configured: not in a pod (KUBERNETES_SERVICE_HOST ${env.KUBERNETES_SERVICE_HOST ? `is set, but there is no ${dir}/token` : 'is not set'}),`
    + ` KUBECONFIG is not set, and ${home} does not exist; set KUBECONFIG to the path of a kubeconfig file`);
}

function inCluster(env: NodeJS.ProcessEnv, dir: string, clock: Clock): ClusterConfig {
  const host = env.KUBERNETES_SERVICE_HOST!;
  const namespaceFile = join(dir, 'namespace');
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`,
    source: `the service account in ${dir}`,
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : undefined,
    tls: () => ({ ca: readMaterial(join(dir, 'ca.crt')) }),
    token: new FileToken(join(dir, 'token'), clock),
  };
}

function readMaterial(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new KubeError('ConfigInvalid', `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
