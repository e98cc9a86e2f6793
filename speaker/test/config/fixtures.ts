import { Config, ConfigInput, parseConfig, Problem } from '../../src/config';

/** An IPAddressPool as a user writes it. */
export function pool(name: string, addresses: unknown, more: object = {}, metadata: object = {}): object {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name, namespace: 'metallb-system', ...metadata }, spec: { addresses, ...more } };
}

/** An L2Advertisement as a user writes it. */
export function advertisement(name: string, spec: object = {}): object {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { name, namespace: 'metallb-system' }, spec };
}

const custom = (kind: string, apiVersion = 'metallb.io/v1beta1') => (name: string, spec: object = {}, metadata: object = {}): object =>
  ({ apiVersion, kind, metadata: { name, namespace: 'metallb-system', ...metadata }, spec });

export const bfdProfile = custom('BFDProfile');
export const bgpAdvertisement = custom('BGPAdvertisement');
const bgpPeer = custom('BGPPeer', 'metallb.io/v1beta2');

/** A BGPPeer as a user writes it, with the least that it needs; undefined leaves something out. */
export function peer(name: string, spec: object = {}, metadata: object = {}): object {
  return bgpPeer(name, { myASN: 64512, peerASN: 64513, peerAddress: '93.5.22.1', ...spec }, metadata);
}

/** A Community that defines these names. */
export function community(name: string, aliases: Record<string, unknown>, metadata: object = {}): object {
  return custom('Community')(name, { communities: Object.entries(aliases).map(([alias, value]) => ({ name: alias, value })) }, metadata);
}

/** A Secret as the API server gives it. */
export function secret(name: string, password: string | undefined, type: unknown = 'kubernetes.io/basic-auth'): object {
  const data = password === undefined ? {} : { password: Buffer.from(password).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'metallb-system' }, type, data };
}

/** A time of creation. */
export const day = (n: number) => ({ creationTimestamp: `2026-01-${String(n).padStart(2, '0')}T00:00:00Z` });

export function parse(input: Partial<ConfigInput>, previous?: Config): { config: Config; problems: Problem[] } {
  return parseConfig({ ipAddressPools: [], l2Advertisements: [], namespaces: [], ...input }, previous);
}

/** The reference cluster. */
export const home = {
  ipAddressPools: [pool('workstation-ip-pool', ['93.5.22.100/32'])],
  l2Advertisements: [advertisement('workstation-l2adv', { ipAddressPools: ['workstation-ip-pool'] })],
};
