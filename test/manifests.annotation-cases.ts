import { Case, Manifest, object } from './manifests.cases';

/** The part of the cases of `manifests.cases.ts` that is about annotations in our own group. */

const GROUP = 'home-load-balancer.github.io/';

function annotated(annotations: Record<string, string>): Manifest {
  const made = object('IPAddressPool', 'lan', { addresses: ['10.0.0.0/24'] });
  const own = Object.fromEntries(Object.entries(annotations).map(([name, value]) => [name.includes('/') ? name : GROUP + name, value]));
  return { ...made, metadata: { ...made.metadata, annotations: own } };
}

const right: Record<string, string>[] = [
  { draining: 'true' }, { draining: ' false ' }, { sharing: 'automatic' }, { sharing: 'by-key' }, { sticky: 'true' }, { sticky: 'false' }, { sticky: '72h' }, { sticky: '1h30m' },
  { 'namespace-limit': '1' }, { 'namespace-limit': ' 0005' }, { quarantine: '10m' }, { 'excluded-addresses': '' }, { 'excluded-addresses': ' , nodes,,' },
  { 'excluded-addresses': 'nodes, 10.0.0.1, 10.0.0.150-10.0.0.199,fd00::/64' }, { 'example.org/draining': 'yes' }, { 'metallb.io/anything': '' },
];

const each = (name: string, values: readonly string[], says: RegExp) => (
  values.map((value): [Record<string, string>, RegExp] => [{ [name]: value }, says])
);

const wrong: [Record<string, string>, RegExp][] = [
  ...each('draining', ['', 'yes', 'True', '1'], /draining .* is not valid: expected true or false/),
  [{ sharing: 'always' }, /sharing 'always' is not valid: expected automatic or by-key/],
  ...each('sticky', ['', 'forever', '0s', '-1h', '5', '1d', '1h 30m'], /sticky .* is not valid: expected true, false or a duration/),
  ...each('namespace-limit', ['', '0', '-1', '1.5', 'five', '1e3', '9'.repeat(20)], /namespace-limit .* is not valid: expected a whole number/),
  ...each('quarantine', ['', '0', 'long', 'true'], /quarantine .* is not valid: expected a duration/),
  ...each('excluded-addresses', ['node', '10.0.0', '10.0.0.9-10.0.0.1', '10.0.0.1 10.0.0.2', '10.0.0.1;10.0.0.2', 'Nodes'],
    /excluded-addresses: '.*' is (not an IP range|backwards)/),
  [{ drainning: 'true' }, /the annotation home-load-balancer.github.io\/drainning is unknown: expected .*\/draining, /],
  [{ 'draining': 'x', 'excluded-addresses': 'y' }, /draining 'x' is not valid[^]*'y' is not an IP range/],
];

export const RIGHT_ANNOTATIONS: Case[] = right.map((annotations) => ({ why: `a pool with ${JSON.stringify(annotations)}`, objects: [annotated(annotations)] }));

export const WRONG_ANNOTATIONS: Case[] = wrong.map(([annotations, says]) => ({ why: `a pool with ${JSON.stringify(annotations)}`, objects: [annotated(annotations)], says }));
