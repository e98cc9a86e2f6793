import { ApiObject } from 'cdk8s';
import { parseAddress } from './_address';
import { parseDuration, timerProblems } from './_durations';
import { Report } from './_pools';
import { render, Resource } from './_resources';
import { selectorsProblems } from './_selectors';
import { isToken } from './_tokens';
import { show } from './_values';

/** Ranges of BFD parameters (RFC 5880, and what the kinds allow). */
export const BFD_LIMITS = {
  receiveInterval: [10, 60_000],
  transmitInterval: [10, 60_000],
  echoInterval: [10, 60_000],
  detectMultiplier: [2, 255],
  minimumTtl: [1, 254],
} as const;

export const MAX_ASN = 4_294_967_295;

/** What the peers of an app can refer to. */
export interface PeerSurroundings {
  readonly profiles: readonly Resource[];
  readonly importedProfiles: ReadonlySet<string>;
  /** Secrets of the app, by name, in the namespace of the load balancer. */
  readonly secrets: ReadonlyMap<string, ApiObject>;
}

/** Reports what is wrong with BFD profiles. */
export function checkProfiles(profiles: readonly Resource[], report: Report): void {
  for (const profile of profiles) {
    for (const [field, [min, max]] of Object.entries(BFD_LIMITS)) {
      if (outside(profile.spec[field], min, max)) {
        report(profile, `${profile.title}: ${field} ${show(profile.spec[field])} is not valid: expected a whole number from ${min} to ${max}`);
      }
    }
  }
}

/** Reports what is wrong with BGP peers. */
export function checkPeers(peers: readonly Resource[], surroundings: PeerSurroundings, report: Report): void {
  for (const peer of peers) {
    const problems = [...identityProblems(peer.spec), ...timeProblems(peer.spec), ...referenceProblems(peer.spec, surroundings)];
    for (const problem of problems) report(peer, `${peer.title}: ${problem}`);
  }
  const known = new Map<string, Resource>();
  for (const peer of peers) {
    const { peerAddress, peerPort = 179, vrf = '', nodeSelectors = [] } = peer.spec;
    const address = typeof peerAddress === 'string' ? parseAddress(peerAddress) : undefined;
    if (!address || isToken(peerPort) || isToken(vrf) || isToken(nodeSelectors) || nodeSelectors?.length > 0) continue;
    const key = `${address.bits} ${address.value} ${peerPort} ${vrf}`;
    const earlier = known.get(key);
    if (earlier) {
      report(peer, `${peer.title}: the router ${peerAddress} is also that of ${earlier.title}, for every node: ` +
        'a router keeps one session with each node, so remove one of them, or give them different nodes');
    } else {
      known.set(key, peer);
    }
  }
}

function identityProblems(spec: any): string[] {
  const { myASN, peerASN, dynamicASN, localASN, peerAddress, interface: device, peerPort, ebgpMultiHop } = spec;
  const problems: string[] = [];
  const wrong = (field: string, allowed: string) => problems.push(`${field} ${show(spec[field])} is not valid: expected ${allowed}`);
  if (!given(myASN)) problems.push('myASN is missing: set it to the AS number of the cluster, such as 64512');
  else if (outside(myASN, 1, MAX_ASN)) wrong('myASN', `a whole number from 1 to ${MAX_ASN}`);
  if (outside(peerASN, 0, MAX_ASN)) wrong('peerASN', `a whole number from 1 to ${MAX_ASN}`);
  if (outside(localASN, 1, MAX_ASN)) wrong('localASN', `a whole number from 1 to ${MAX_ASN}`);
  if (outside(peerPort, 1, 16_384)) wrong('peerPort', 'a whole number from 1 to 16384');
  if (given(dynamicASN) && !isToken(dynamicASN) && !['internal', 'external'].includes(dynamicASN)) wrong('dynamicASN', 'internal or external');
  if (!peerASN && !given(dynamicASN)) problems.push('there is neither peerASN nor dynamicASN: set one of them, to say which AS the router is in');
  if (peerASN && given(dynamicASN)) problems.push(`there are both peerASN ${peerASN} and dynamicASN ${dynamicASN}: remove one of them`);
  if (ebgpMultiHop === true && given(peerASN) && peerASN === myASN && !isToken(myASN)) {
    problems.push(`ebgpMultiHop is for routers of another AS, but peerASN and myASN are both ${myASN}: remove it, for sessions inside an AS may have several hops`);
  }
  if (!peerAddress && !device) problems.push('there is neither peerAddress nor interface: set the address of the router, or the interface it is behind');
  if (peerAddress && device) problems.push(`there are both peerAddress ${show(peerAddress)} and interface ${show(device)}: remove one of them`);
  for (const field of ['peerAddress', 'sourceAddress']) {
    if (spec[field] && !isToken(spec[field]) && !(typeof spec[field] === 'string' && parseAddress(spec[field]))) wrong(field, 'an IP address, such as 192.168.1.1 or fd00::1');
  }
  if (spec.routerID && !isToken(spec.routerID) && parseAddress(String(spec.routerID))?.bits !== 32) wrong('routerID', 'an IPv4 address, such as 192.168.1.44');
  return [...problems, ...selectorsProblems('nodeSelectors', spec.nodeSelectors)];
}

function timeProblems(spec: any): string[] {
  const problems: string[] = [];
  const read = (field: string): number | undefined => {
    if (!given(spec[field]) || isToken(spec[field])) return undefined;
    const milliseconds = parseDuration(spec[field]);
    if (milliseconds === undefined) problems.push(`${field} ${show(spec[field])} is not valid: expected a duration with a unit, such as 90s or 1m30s`);
    return milliseconds;
  };
  const [hold, keepalive, connect] = ['holdTime', 'keepaliveTime', 'connectTime'].map(read);
  problems.push(...timerProblems(hold, keepalive));
  if (connect !== undefined && (connect < 1000 || connect > 65_535_000 || connect % 1000 !== 0)) {
    problems.push(`connectTime ${show(spec.connectTime)} is not valid: expected whole seconds from 1s to 65535s`);
  }
  return problems;
}

function referenceProblems({ password, passwordSecret, bfdProfile }: any, { profiles, importedProfiles, secrets }: PeerSurroundings): string[] {
  const problems: string[] = [];
  if (password && passwordSecret?.name) problems.push('there are both password and passwordSecret: remove password, which everybody can read who may read the peer');
  if (bfdProfile && !isToken(bfdProfile) && !profiles.some(({ name }) => name === bfdProfile) && !importedProfiles.has(bfdProfile)) {
    problems.push(`unknown BFD profile ${show(bfdProfile)}: expected ${profiles.map(({ name }) => name).join(', ') || 'none, for there is no profile'}; ` +
      'if it is made elsewhere, say so with BfdProfile.fromProfileName()');
  }
  const secret = secrets.get(passwordSecret?.name);
  const manifest = secret && render(secret);
  if (manifest && !isToken(manifest.type) && manifest.type !== 'kubernetes.io/basic-auth') {
    problems.push(`the Secret ${passwordSecret.name} (${secret.node.path}) has the type ${show(manifest.type ?? 'Opaque')}: ` +
      'expected kubernetes.io/basic-auth, with the key under password');
  } else if (manifest && !isToken(manifest.data) && !isToken(manifest.stringData) && !(manifest.stringData?.password ?? manifest.data?.password)) {
    problems.push(`the Secret ${passwordSecret.name} (${secret.node.path}) has no password: put the key there`);
  }
  return problems;
}

function given(value: any): boolean {
  return value !== undefined && value !== null;
}

function outside(value: any, min: number, max: number): boolean {
  return given(value) && !isToken(value) && !(Number.isInteger(value) && value >= min && value <= max);
}
