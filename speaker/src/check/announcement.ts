import type { Advertisement, Config } from '../config';
import type { Finding } from './check';
import type { Manifest } from './manifests';

type Report = (severity: Finding['severity'], manifest: Manifest, field: string, text: string) => void;

/** Pools that nobody announces, and names that lead nowhere: neither is an error, as the rest may be elsewhere, and both are hardly meant. */
export function checkAnnouncement(config: Config, manifests: readonly Manifest[], report: Report): void {
  const warn = (kind: string, name: string, field: string, text: string) => {
    const manifest = manifests.find(({ value }) => value.kind === kind && (value.metadata as { readonly name?: unknown } | undefined)?.name === name);
    if (manifest) report('warning', manifest, field, `${kind} ${name}, ${field}: ${text}`);
  };
  const pools = new Set([...config.pools, ...config.unusable.filter(({ kind }) => kind === 'IPAddressPool')].map(({ name }) => name));
  const advertisements: readonly (readonly [string, Advertisement])[] = [
    ...config.l2Advertisements.map((each) => ['L2Advertisement', each] as const), ...config.bgpAdvertisements.map((each) => ['BGPAdvertisement', each] as const),
  ];
  for (const [kind, { name, poolNames }] of advertisements) {
    for (const pool of poolNames) {
      if (!pools.has(pool)) warn(kind, name, 'spec.ipAddressPools', `no IPAddressPool ${JSON.stringify(pool)} is here, and an unknown name is ignored; correct it, or add the pool`);
    }
  }
  const peers = new Set([...config.bgpPeers, ...config.unusable.filter(({ kind }) => kind === 'BGPPeer')].map(({ name }) => name));
  for (const { name, peers: wanted } of config.bgpAdvertisements) {
    for (const peer of wanted) {
      if (!peers.has(peer)) warn('BGPAdvertisement', name, 'spec.peers', `no BGPPeer ${JSON.stringify(peer)} is here, and an unknown name is ignored; correct it, or add the peer`);
    }
  }
  const unread = config.unusable.some(({ kind }) => kind === 'L2Advertisement' || kind === 'BGPAdvertisement');
  for (const pool of unread ? [] : config.pools) {
    if (!advertisements.some(([, advertisement]) => advertisement.matchesPool(pool))) {
      warn('IPAddressPool', pool.name, 'spec.addresses', 'nobody announces these addresses; add an L2Advertisement that names the pool, or one with an empty spec');
    }
  }
}
