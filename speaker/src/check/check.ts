import { parseConfig, problemText, type ConfigInput, type ResourceKind } from '../config';
import { checkAnnouncement } from './announcement';
import type { Manifest } from './manifests';
import { checkServices } from './services';

export interface CheckOptions {
  /** Namespace of the load balancer; objects of the configuration that name none are taken to be for it. */
  readonly namespace: string;
  /** `spec.loadBalancerClass` of the Services that it serves; absent for those without one. */
  readonly loadBalancerClass?: string;
}

/** One thing wrong with the manifests. */
export interface Finding {
  /** `error`: will not work. `warning`: works as written, or may work once something else is there, and is hardly meant. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  /** Object, field, what is wrong, what to change. */
  readonly text: string;
}

export interface CheckResult {
  /** By file and line. */
  readonly findings: readonly Finding[];
  /** Objects that were looked at. */
  readonly objects: number;
}

const GROUP = 'metallb.io/';

/** What belongs to each kind: where the parser takes it, and in which versions it exists. */
const KINDS: Readonly<Record<ResourceKind, { readonly list: keyof ConfigInput; readonly versions: readonly string[] }>> = {
  IPAddressPool: { list: 'ipAddressPools', versions: ['v1beta1'] },
  L2Advertisement: { list: 'l2Advertisements', versions: ['v1beta1'] },
  BFDProfile: { list: 'bfdProfiles', versions: ['v1beta1'] },
  Community: { list: 'communities', versions: ['v1beta1'] },
  BGPPeer: { list: 'bgpPeers', versions: ['v1beta2', 'v1beta1'] },
  BGPAdvertisement: { list: 'bgpAdvertisements', versions: ['v1beta1'] },
};

/** Written by the program, and harmless in a manifest. */
const STATUSES = ['ServiceL2Status', 'ServiceBGPStatus', 'ConfigurationState'];

interface Metadata {
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Finds what is wrong with objects that are to be applied together. Never throws; the order of the manifests does not matter. */
export function checkManifests(manifests: readonly Manifest[], options: CheckOptions): CheckResult {
  const findings: Finding[] = [];
  const report = (severity: Finding['severity'], manifest: Manifest, field: string, text: string) => {
    findings.push({ severity, file: manifest.file, line: manifest.lineOf(field), text });
  };
  const ours = manifests.filter(({ value }) => `${value.apiVersion}`.startsWith(GROUP));
  const configuration = ours.filter((manifest) => isRead(manifest, options.namespace, report));
  const { config, problems } = parseConfig(inputOf(configuration, manifests));
  const seen = new Map<string, number>();
  for (const problem of problems) {
    const { kind, name, code, field, transient } = problem;
    const named = configuration.filter(({ value }) => value.kind === kind && metadataOf(value).name === name);
    // Of those with one name the first is read, and each other one has a problem.
    const key = `${kind}/${name}`, others = code === 'DuplicateName' ? (seen.get(key) ?? 0) + 1 : 0;
    if (others > 0) seen.set(key, others);
    const manifest = named[others] ?? configuration.find(({ value }) => value.kind === kind && textOf(metadataOf(value).name) === '');
    // What a reference leads to may be made by somebody else.
    if (manifest) report(transient ? 'warning' : 'error', manifest, field, problemText(problem));
  }
  checkAnnouncement(config, configuration, report);
  const services = manifests.filter(({ value }) => value.apiVersion === 'v1' && value.kind === 'Service');
  checkServices(config, services, namesOf(manifests, 'Namespace'), options.loadBalancerClass, report);
  return {
    findings: findings.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)),
    objects: configuration.length + services.length,
  };
}

/** Tells what is in no place where it would be read. */
function isRead(manifest: Manifest, namespace: string, report: (severity: 'error', manifest: Manifest, field: string, text: string) => void): boolean {
  const { apiVersion, kind } = manifest.value as { apiVersion: string; kind: string };
  const version = apiVersion.slice(GROUP.length);
  if (STATUSES.includes(kind)) return false;
  if (!Object.hasOwn(KINDS, kind)) {
    const fix = kind === 'AddressPool'
      ? 'MetalLB had it before 0.14; write an IPAddressPool and an L2Advertisement or BGPAdvertisement'
      : `there are ${Object.keys(KINDS).join(', ')}`;
    report('error', manifest, 'kind', `${kind}: ${apiVersion} has no kind ${JSON.stringify(kind)}; ${fix}`);
    return false;
  }
  const metadata = metadataOf(manifest.value);
  const name = textOf(metadata.name), own = textOf(metadata.namespace) || namespace;
  const { versions } = KINDS[kind as ResourceKind];
  if (!versions.includes(version)) {
    report('error', manifest, 'apiVersion', `${kind} ${name}: there is no version ${version} of it; write ${versions.map((each) => GROUP + each).join(' or ')}`);
    return false;
  }
  if (own !== namespace) {
    report('error', manifest, 'metadata.namespace',
      `${kind} ${own}/${name}: resource must be created in ${namespace} namespace, others are not read; move it there, or say --namespace ${own}`);
    return false;
  }
  return true;
}

function inputOf(configuration: readonly Manifest[], all: readonly Manifest[]): ConfigInput {
  const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter(({ value }) => value.kind === kind).map(({ value }) => value);
  const lists = Object.entries(KINDS).map(([kind, { list }]) => [list, ofKind(configuration, kind)]);
  const nodes = ofKind(all, 'Node');
  return {
    ...Object.fromEntries(lists) as unknown as ConfigInput,
    secrets: ofKind(all, 'Secret'),
    namespaces: ofKind(all, 'Namespace').map(labelled),
    ...nodes.length > 0 && { nodes: nodes.map(labelled) },
  };
}

function labelled(value: Manifest['value']): { name: string; labels: Readonly<Record<string, string>> } {
  const { name, labels } = metadataOf(value);
  return { name: textOf(name), labels: { 'kubernetes.io/metadata.name': textOf(name), ...labels } };
}

function namesOf(manifests: readonly Manifest[], kind: string): ReadonlySet<string> {
  return new Set(manifests.filter(({ value }) => value.kind === kind).map(({ value }) => textOf(metadataOf(value).name)));
}

function metadataOf({ metadata }: Manifest['value']): Metadata {
  return typeof metadata === 'object' && metadata !== null ? metadata as Metadata : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
