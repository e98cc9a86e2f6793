import * as fs from 'fs';
import * as path from 'path';
import { parse } from 'yaml';
import { Cluster } from '..';
import { kubeconfigOf } from '../apiserver/kubeconfig';

/** How the API server is reached inside the lab. */
export function serverOf(cluster: Cluster): { server: string; ca: string } {
  const config = parse(fs.readFileSync(cluster.control.kubeconfig, 'utf8')) as { clusters: { cluster: { 'server': string; 'certificate-authority-data': string } }[] };
  const { cluster: found } = config.clusters[0];
  return { server: found.server, ca: found['certificate-authority-data'] };
}

/** Writes a kubeconfig with other contents than the cluster's. @returns its path */
export function writeKubeconfig(cluster: Cluster, name: string, parts: Partial<Parameters<typeof kubeconfigOf>[0]>): string {
  const file = path.join(cluster.network.run.directory, `kubeconfig.${name}`);
  fs.writeFileSync(file, kubeconfigOf({ ...serverOf(cluster), ...parts }), { mode: 0o600 });
  return file;
}
