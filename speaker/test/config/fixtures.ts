import { Config, ConfigInput, parseConfig, Problem } from '../../src/config';

/** An IPAddressPool as a user writes it. */
export function pool(name: string, addresses: unknown, more: object = {}, metadata: object = {}): object {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name, namespace: 'metallb-system', ...metadata }, spec: { addresses, ...more } };
}

/** An L2Advertisement as a user writes it. */
export function advertisement(name: string, spec: object = {}): object {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { name, namespace: 'metallb-system' }, spec };
}

export function parse(input: Partial<ConfigInput>, previous?: Config): { config: Config; problems: Problem[] } {
  return parseConfig({ ipAddressPools: [], l2Advertisements: [], namespaces: [], ...input }, previous);
}

/** The reference cluster. */
export const home = {
  ipAddressPools: [pool('workstation-ip-pool', ['93.5.22.100/32'])],
  l2Advertisements: [advertisement('workstation-l2adv', { ipAddressPools: ['workstation-ip-pool'] })],
};
