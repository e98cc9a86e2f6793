import * as fs from 'fs';
import * as path from 'path';
import { parse } from 'yaml';
import { startRealApiServer } from './apiserver/real';
import { prober } from './cache';
import { LabError } from './errors';
import { inNamespace } from './netns';
import { Network } from './network';
import { LabProcess } from './process';
import { CONTROL_PLANE_ADDRESS } from './topology';
import { KubeClient, loadKubeConfig } from '../speaker/src/kube';

const PORT = 6443;
/** Manifests of the custom resources. */
export const CRDS = path.resolve(__dirname, '../crds/metallb.io.yaml');

/** An API server in the namespace `ctl`, and the way to it from outside the lab. */
export interface ControlPlane {
  /** For programs inside the lab; it names the management address. */
  readonly kubeconfig: string;
  /** For programs outside: this one, kubectl in a user's shell. */
  readonly outsideKubeconfig: string;
  readonly client: KubeClient;
  /** Freezes it: connections stay, nothing is answered. */
  pause(): void;
  resume(): void;
  /**
   * Makes it forget its history up to now, so that watches from earlier points end with 410 Gone.
   *
   * @throws LabError `INVALID_ARGUMENT` from the embedded API server, which has other means (`Faults`)
   */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

/** Of both API servers. */
export interface ControlPlaneOptions {
  /** `--service-cluster-ip-range`, one or two; two make the cluster dual-stack. Default `10.96.0.0/16`. */
  readonly serviceClusterIpRanges?: readonly string[];
}

/** How to run a TypeScript file of ours: with tsx, as a plain node process (tsx itself would be one more). */
export function tsxCommand(file: string): string[] {
  return [process.execPath, '--require', require.resolve('tsx/cjs'), path.resolve(__dirname, file)];
}

/** Starts the embedded API server: in memory, in a process of its own, there within a second. */
export async function startEmbedded(network: Network, { serviceClusterIpRanges = [] }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const kubeconfig = path.join(network.run.directory, 'kubeconfig');
  const server = network.start('ctl', {
    name: 'apiserver',
    argv: [...tsxCommand('apiserver/main.ts'), '--listen', `${CONTROL_PLANE_ADDRESS}:${PORT}`, '--kubeconfig', kubeconfig, '--crds', CRDS,
      ...serviceClusterIpRanges.flatMap((range) => ['--service-cluster-ip-range', range])],
  });
  await server.untilOutput(/^https?:\/\//m);
  return withWayIn(network, kubeconfig, {
    pause: () => server.pause(),
    resume: () => server.resume(),
    compact: async () => Promise.reject(new LabError('INVALID_ARGUMENT', "only the real API server compacts: Cluster.start({ api: 'real' })")),
    stop: async () => {
      await server.stop(300); // all it has is in memory
    },
  });
}

/** Starts etcd and kube-apiserver, the real ones: about four seconds. */
export async function startReal(network: Network, binaries: string, { serviceClusterIpRanges }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const server = await startRealApiServer({
    binaries,
    bindAddress: CONTROL_PLANE_ADDRESS,
    port: PORT,
    serviceClusterIpRanges,
    flags: ['--enable-aggregator-routing=true'], // there is no kube-proxy in `ctl`: webhooks are called at their endpoints
    prefix: inNamespace(network.namespace('ctl'), []),
  });
  return withWayIn(network, server.kubeconfig, server);
}

/** Adds what is needed from outside: a relay from this namespace's loopback, and a client. */
async function withWayIn(network: Network, kubeconfig: string, control: Pick<ControlPlane, 'pause' | 'resume' | 'compact' | 'stop'>): Promise<ControlPlane> {
  const relay: LabProcess = network.run.spawn({
    name: 'relay',
    argv: [await prober(), 'relay', '--netns', network.namespaceFile('ctl'), '--address', CONTROL_PLANE_ADDRESS, '--port', `${PORT}`],
  });
  const [, port] = await relay.untilOutput(/"listening","port":(\d+)/);
  const outsideKubeconfig = path.join(network.run.directory, 'kubeconfig.outside');
  const config = parse(fs.readFileSync(kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] };
  for (const { cluster } of config.clusters) cluster.server = cluster.server.replace(/:\/\/.*$/, `://127.0.0.1:${port}`);
  fs.writeFileSync(outsideKubeconfig, JSON.stringify(config), { mode: 0o600 });
  const client = new KubeClient(loadKubeConfig({ kubeconfig: outsideKubeconfig }), { userAgent: 'lab' });
  return {
    ...control,
    kubeconfig,
    outsideKubeconfig,
    client,
    stop: async () => {
      client.close();
      await control.stop();
    },
  };
}
