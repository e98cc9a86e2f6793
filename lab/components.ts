import * as fs from 'fs';
import * as path from 'path';
import { parse } from 'yaml';
import { run } from './command';
import { Network } from './network';
import { LabProcess } from './process';

/*
 * The parts of Kubernetes itself that run in a real cluster of the lab, beside the API server.
 */

/** Starts kube-proxy in a node, in nftables mode, and waits until it knows the Services. */
export async function startKubeProxy(network: Network, binaries: string, kubeconfig: string, node: string, name: string): Promise<LabProcess> {
  const file = path.join(network.run.directory, `kube-proxy-${node}.yaml`);
  fs.writeFileSync(file, JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig },
    hostnameOverride: node,
    clusterCIDR: '10.244.0.0/16',
    nftables: { minSyncPeriod: '100ms' },
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' }, // settings of the machine, not of a namespace
  }));
  const proxy = network.start(node, { name, argv: [path.join(binaries, 'kube-proxy'), '--config', file, '--v', '2'] });
  await proxy.untilOutput(/caches are synced/i);
  return proxy;
}

/** Starts kube-controller-manager beside the API server. */
export function startControllerManager(network: Network, binaries: string, kubeconfig: string): LabProcess {
  return network.start('ctl', {
    name: 'kube-controller-manager',
    argv: [path.join(binaries, 'kube-controller-manager'), '--kubeconfig', kubeconfig, '--leader-elect=false'],
  });
}

/** Runs kubectl of the lab's version. */
export async function kubectl(binaries: string, kubeconfig: string, argv: readonly string[]): Promise<string> {
  return (await run([path.join(binaries, 'kubectl'), '--kubeconfig', kubeconfig, ...argv])).stdout;
}

/**
 * A kubeconfig like the one given, but with a token of a ServiceAccount: what is started with it may do what RBAC allows that
 * account, and no more.
 *
 * @returns its path
 */
export function withToken(kubeconfig: string, account: string, token: string): string {
  const config = parse(fs.readFileSync(kubeconfig, 'utf8')) as { users: { user: object }[] };
  for (const user of config.users) user.user = { token };
  const file = path.join(path.dirname(kubeconfig), `kubeconfig.${account}`);
  fs.writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
