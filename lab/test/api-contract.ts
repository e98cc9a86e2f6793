import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { applyContract } from './api-contract-apply';
import { customResourceContract } from './api-contract-custom-resources';
import { objectContract } from './api-contract-objects';
import { serviceContract } from './api-contract-services';
import { AnyObject, Contract, eventually } from './api-contract-support';
import { watchContract } from './api-contract-watch';
import { CUSTOM_RESOURCE_DEFINITIONS, KubeClient, loadKubeConfig, NAMESPACES } from '../../speaker/src/kube';

/** A server to hold to the contract. */
export interface ContractServer {
  /** Path of a kubeconfig with full rights. */
  readonly kubeconfig: string;
  compact(): Promise<void> | void;
  close(): Promise<void> | void;
}

const CRDS = join(__dirname, '../../crds/metallb.io.yaml');

/**
 * What this project relies on in a Kubernetes API server, as tests that pass on the real one.
 *
 * They run against the embedded server too, in every `npm test`, so that what is tested against it holds in a cluster.
 */
export function apiContract(start: () => Promise<ContractServer>): void {
  let server: ContractServer, client: KubeClient;

  beforeAll(async () => {
    server = await start();
    client = new KubeClient(loadKubeConfig({ kubeconfig: server.kubeconfig }), { userAgent: 'contract/1' });
    await client.create(NAMESPACES, { metadata: { name: 'contract' } });
    await installCrds(client);
  }, 120_000);

  afterAll(async () => {
    client?.close();
    await server?.close();
  });

  const contract: Contract = {
    client: () => client,
    namespace: 'contract',
    compact: async () => { await server.compact(); },
  };
  describe('objects', () => objectContract(contract));
  describe('Services', () => serviceContract(contract));
  describe('custom resources', () => customResourceContract(contract));
  describe('server-side apply', () => applyContract(contract));
  describe('list and watch', () => watchContract(contract));
}

/** Installs the CRDs of the project and waits until they are served. */
async function installCrds(client: KubeClient): Promise<void> {
  for (const document of parseAllDocuments(readFileSync(CRDS, 'utf8'))) {
    const crd = document.toJS({ maxAliasCount: -1 }) as AnyObject | null;
    if (crd?.kind === 'CustomResourceDefinition') await client.create(CUSTOM_RESOURCE_DEFINITIONS, crd);
  }
  await eventually(async () => {
    const { items } = await client.list<AnyObject>(CUSTOM_RESOURCE_DEFINITIONS);
    for (const { metadata, spec, status } of items) {
      const established = (status?.conditions as AnyObject[] | undefined)?.some(({ type, status: value }) => type === 'Established' && (value as unknown) === 'True');
      if (!established) throw new Error(`${metadata.name} is not established`);
      const { name: version } = (spec.versions as Array<{ name: string; storage: boolean }>).find(({ storage }) => storage)!;
      await client.list({ group: spec.group, version, plural: spec.names.plural, kind: spec.names.kind, namespaced: true });
    }
  });
}
