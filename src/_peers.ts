import { ApiObject } from 'cdk8s';
import { formatAddress, parseAddress } from './_address';
import { parseDuration, timerProblems } from './_durations';
import { Report } from './_pools';
import { render, Resource } from './_resources';
import { Labels, meet, selectorsProblems } from './_selectors';
import { hasToken, isToken } from './_tokens';
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
  readonly nodes?: readonly { readonly labels: Labels }[];
}

const PEER_FLAGS = ['disableMP', 'ebgpMultiHop', 'enableGracefulRestart', 'dualStackAddressFamily'];
const PEER_TEXTS = ['peerAddress', 'interface', 'sourceAddress', 'routerID', 'password', 'bfdProfile', 'vrf'];

/** What Linux takes as a key at most: TCP_MD5SIG_MAXKEYLEN. */
const LONGEST_KEY = 80;

/** Reports what is wrong with BFD profiles. */
export function checkProfiles(profiles: readonly Resource[], report: Report): void {
  for (const profile of profiles) {
    for (const problem of typeProblems(profile.spec, { booleans: ['echoMode', 'passiveMode'], texts: [] })) report(profile, `${profile.title}: ${problem}`);
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
    const types = typeProblems(peer.spec, { booleans: PEER_FLAGS, texts: PEER_TEXTS });
    const problems = [...types, ...identityProblems(peer.spec), ...timeProblems(peer.spec), ...referenceProblems(peer.spec, surroundings)];
    for (const problem of problems) report(peer, `${peer.title}: ${problem}`);
  }
  reportDoubleSessions(peers, surroundings.nodes, report);
}

/** One router has one session with a node: BGP keeps one of two connections between the same two (RFC 4271 section 6.8), whatever their ports. */
function reportDoubleSessions(peers: readonly Resource[], nodes: PeerSurroundings['nodes'], report: Report): void {
  const byRouter = new Map<string, Resource[]>();
  for (const peer of peers) {
    const { peerAddress, interface: device, vrf = '' } = peer.spec;
    const address = typeof peerAddress === 'string' ? parseAddress(peerAddress) : undefined;
    if (hasToken([peerAddress, device, vrf]) || (!address && !device)) continue;
    const router = `${address ? formatAddress(address) : device} ${vrf}`;
    const earlier = byRouter.get(router) ?? [];
    const other = earlier.find((candidate) => shareNodes(candidate, peer, nodes));
    if (other) {
      report(peer, `${peer.title}: the router ${peerAddress ?? `behind ${device}`} is also that of ${other.title}, for the same nodes: ` +
        'a router keeps one session with each node, so remove one of them, or give them different nodes');
    }
    byRouter.set(router, [...earlier, peer]);
  }
}

/** Whether some node certainly has both peers. */
function shareNodes(a: Resource, b: Resource, nodes: PeerSurroundings['nodes']): boolean {
  const lists = [a, b].map(({ spec }) => spec.nodeSelectors ?? []);
  // Of selectors that are not understood nothing is certain.
  if (lists.some((selectors) => selectorsProblems('', selectors).length > 0 || hasToken(selectors))) return false;
  return meet(lists[0], lists[1], nodes);
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
  if (spec.routerID && !isToken(spec.routerID) && !isRouterId(spec.routerID)) wrong('routerID', 'an IPv4 address, such as 192.168.1.44');
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
  if (given(passwordSecret) && !isToken(passwordSecret) && typeof passwordSecret !== 'object') {
    return [...problems, `passwordSecret ${show(passwordSecret)} is not valid: expected the name of a Secret`];
  }
  const secret = secrets.get(passwordSecret?.name);
  const manifest = secret && render(secret);
  if (!manifest || isToken(manifest.type) || hasToken([manifest.data ?? {}, manifest.stringData ?? {}])) return problems;
  const key = manifest.stringData?.password ?? Buffer.from(manifest.data?.password ?? '', 'base64').toString('latin1');
  const where = `the Secret ${passwordSecret.name} (${secret.node.path})`;
  if (manifest.type !== 'kubernetes.io/basic-auth') {
    problems.push(`${where} has the type ${show(manifest.type ?? 'Opaque')}: expected kubernetes.io/basic-auth, with the key under password`);
  } else if (key === '') {
    problems.push(`${where} has no password: put the key there`);
  } else if (Buffer.byteLength(key, manifest.stringData?.password === undefined ? 'latin1' : 'utf8') > LONGEST_KEY) {
    problems.push(`${where} has a password of more than ${LONGEST_KEY} bytes, which Linux does not take: use a shorter one, on the router, too`);
  }
  return problems;
}

/** RFC 6286: four bytes, and not zero. */
export function isRouterId(text: unknown): boolean {
  const address = typeof text === 'string' ? parseAddress(text) : undefined;
  return address?.bits === 32 && address.value !== 0n;
}

function typeProblems(spec: any, { booleans, texts }: { booleans: readonly string[]; texts: readonly string[] }): string[] {
  const wrong = (fields: readonly string[], type: string, allowed: string) => fields
    .filter((field) => given(spec[field]) && !isToken(spec[field]) && typeof spec[field] !== type)
    .map((field) => `${field} ${show(spec[field])} is not valid: expected ${allowed}`);
  return [...wrong(booleans, 'boolean', 'true or false'), ...wrong(texts, 'string', 'text')];
}

function given(value: any): boolean {
  return value !== undefined && value !== null;
}

function outside(value: any, min: number, max: number): boolean {
  return given(value) && !isToken(value) && !(Number.isInteger(value) && value >= min && value <= max);
}
