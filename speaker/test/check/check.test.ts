import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { checkManifests, CheckOptions, Finding, parseManifests, readFiles } from '../../src/check';
import { run } from '../../src/cli';
import { advertisement, bgpAdvertisement, community, peer, pool } from '../config/fixtures';

const FILE = 'home.yaml';

function check(text: string, options: Partial<CheckOptions> = {}): Finding[] {
  const { manifests, problems } = parseManifests(FILE, text);
  expect(problems).toEqual([]);
  return [...checkManifests(manifests, { namespace: 'metallb-system', ...options }).findings];
}

const objects = (...list: object[]) => list.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
const service = (name: string, annotations: object = {}, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'home', annotations, ...metadata }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
});
const home = [pool('p', ['93.5.22.100-93.5.22.101']), advertisement('l', { ipAddressPools: ['p'] })];
const wants = (text: string) => ({ 'metallb.io/loadBalancerIPs': text });
const said = (findings: readonly Finding[]) => findings.map(({ severity, text }) => `${severity} ${text}`);

test('manifests in order have no findings', () => {
  expect(check(objects(...home, service('web', wants('93.5.22.100')), service('game')))).toEqual([]);
});

test('each problem is told with its file and the line of the field', () => {
  const text = `# a comment
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: p
  namespace: metallb-system
spec:
  addresses:
  - 93.5.22.100
  - 93.5.22.300
  autoAssign: maybe
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: { name: l, namespace: metallb-system }
spec:
  nodeSelectors:
  - matchExpressions:
    - key: rack
      operator: Near
`;
  expect(check(text).map(({ file, line, severity, text: what }) => [file, line, severity, what.split(':')[0]])).toEqual([
    [FILE, 10, 'error', 'IPAddressPool metallb-system/p, spec.addresses[1]'],
    [FILE, 11, 'error', 'IPAddressPool metallb-system/p, spec.autoAssign'],
    [FILE, 20, 'error', 'L2Advertisement metallb-system/l, spec.nodeSelectors[0].matchExpressions[0].operator'],
  ]);
});

describe('between objects', () => {
  test.each<[string, object[], string[]]>([
    ['pools that overlap', [pool('a', ['10.0.0.0/24']), pool('b', ['10.0.0.7/32']), advertisement('l')], ['error .*overlaps with already defined CIDR']],
    ['a name three times', [1, 2, 3].map((n) => pool('a', [`10.0.0.${n}`])).concat(advertisement('l')), [
      'error .*duplicate definition of pool "a"', 'error .*duplicate definition of pool "a"',
    ]],
    ['a name twice', [pool('a', ['10.0.0.0/24']), pool('a', ['10.0.1.0/24']), advertisement('l')], ['error .*duplicate definition of pool "a"']],
    ['a pool that nobody announces', [pool('a', ['10.0.0.0/24'])], ['warning IPAddressPool a, spec.addresses: nobody announces these addresses']],
    ['an advertisement of a pool that is not here', [advertisement('l', { ipAddressPools: ['a'] })], ['warning L2Advertisement l, .*no IPAddressPool "a" is here']],
    ['an advertisement for a peer that is not here', [bgpAdvertisement('g', { peers: ['b'] })], ['warning BGPAdvertisement g, .*no BGPPeer "b" is here']],
    ['a Secret that may be made by somebody else', [peer('b', { passwordSecret: { name: 's' } })], ['warning .*secret ref not found']],
    ['a Community that may be', [bgpAdvertisement('g', { communities: ['far'] })], ['warning .*"far" is neither']],
    ['peers with one router', [peer('a'), peer('b')], ['error .*already exists']],
    ['... but not on nodes that are told apart', [
      ...['a', 'b'].map((name) => peer(name, { nodeSelectors: [{ matchLabels: { rack: name } }, { matchLabels: { room: name } }] })),
      ...['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { rack: name } } })),
    ], []],
    ['a name that two Communities define', [community('c', { far: '1:1' }), community('d', { far: '1:2' })], ['error .*duplicate definition of community']],
  ])('%s', (_, list, expected) => {
    expect(said(check(objects(...list)))).toEqual(expected.map((text) => expect.stringMatching(text)));
  });
});

describe('what nobody reads', () => {
  test.each<[string, object, string]>([
    ['another namespace', pool('p', ['10.0.0.0/24'], {}, { namespace: 'home' }), 'resource must be created in metallb-system namespace'],
    ['a kind that is gone', { apiVersion: 'metallb.io/v1beta1', kind: 'AddressPool', metadata: { name: 'p' } }, 'write an IPAddressPool and an L2Advertisement'],
    ['a kind that never was', { apiVersion: 'metallb.io/v1beta1', kind: 'Pool', metadata: { name: 'p' } }, 'has no kind "Pool"; there are IPAddressPool'],
    ['a version that never was', { ...pool('p', ['10.0.0.0/24']), apiVersion: 'metallb.io/v1' }, 'there is no version v1 of it; write metallb.io/v1beta1'],
  ])('%s is an error', (_, object, text) => {
    expect(said(check(objects(object)))).toEqual([expect.stringMatching(`^error .*${text}`)]);
  });

  test('objects without a namespace are for the load balancer', () => {
    expect(check(objects(pool('p', ['10.0.0.0/24'], {}, { namespace: undefined }), advertisement('l')), { namespace: 'metallb-system' })).toEqual([]);
  });
});

describe('Services', () => {
  test.each<[string, object[], string[]]>([
    ['an address of no pool', [service('web', wants('93.5.22.7'))], ['error Service home/web, metadata.annotations\\[metallb.io/loadBalancerIPs\\]: .*not allowed in config']],
    ['rubbish for an address', [service('web', wants('93.5.22'))], ['error Service home/web, .*93\\.5\\.22']],
    ['a pool that is not here', [service('web', { 'metallb.io/address-pool': 'q' })], ['error Service home/web, metadata.annotations\\[metallb.io/address-pool\\]: .*unknown pool']],
    ['spec.loadBalancerIP of no pool', [service('web', {}, { loadBalancerIP: '93.5.22.7' })], ['error Service home/web, spec.loadBalancerIP']],
    ['more than the pool has', [service('a'), service('b'), service('c')], ['error Service home/c, spec.type: .*no available IPs']],
    ['an address twice', [service('a', wants('93.5.22.100')), service('b', wants('93.5.22.100'))], ['error Service home/b, .*in use by home/a']],
    ['... that is shared by a key, with different ports', [
      service('a', { ...wants('93.5.22.100'), 'metallb.io/allow-shared-ip': 'k' }),
      service('b', { ...wants('93.5.22.100'), 'metallb.io/allow-shared-ip': 'k' }, { ports: [{ port: 443 }] }),
    ], []],
    ['... with the same port', [1, 2].map((n) => service(`s${n}`, { ...wants('93.5.22.100'), 'metallb.io/allow-shared-ip': 'k' })), ['error Service home/s2, .*port']],
    ['a wish, and before it by name one that takes any', [service('a'), service('b'), service('z', wants('93.5.22.100'))], ['error Service home/b, .*no available IPs']],
    ['both families of a pool with one', [service('web', {}, { ipFamilyPolicy: 'RequireDualStack' })], ['error Service home/web']],
    ['IPv6 of a pool without', [service('web', {}, { ipFamilies: ['IPv6'] })], ['error Service home/web']],
    ['both families, if possible', [service('web', {}, { ipFamilyPolicy: 'PreferDualStack' })], []],
    ['another class', [service('web', wants('1.1.1.1'), { loadBalancerClass: 'other' })], []],
    ['another type', [service('web', wants('1.1.1.1'), { type: 'ClusterIP' })], []],
  ])('%s', (_, services, expected) => {
    expect(said(check(objects(...home, ...services)))).toEqual(expected.map((text) => expect.stringMatching(text)));
  });

  test('are not judged by a namespace that is not known, and not without a pool', () => {
    const restricted = pool('p', ['93.5.22.100'], { serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'a' } }] } });
    const namespace = (labels: object) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'home', labels } });
    expect(said(check(objects(restricted, advertisement('l'), service('web'))))).toEqual([expect.stringMatching(/^warning .*labels of its Namespace are not known/)]);
    expect(said(check(objects(restricted, advertisement('l'), service('web'), namespace({}))))).toEqual([expect.stringMatching(/^error/)]);
    expect(check(objects(restricted, advertisement('l'), service('web'), namespace({ team: 'a' })))).toEqual([]);
    expect(check(objects(service('web', wants('1.1.1.1'))))).toEqual([]);
  });

  test('that show addresses, as in a dump of a cluster, keep them', () => {
    const shown = (name: string, ip: string) => ({ ...service(name), status: { loadBalancer: { ingress: [{ ip }] } } });
    expect(said(check(objects({ apiVersion: 'v1', kind: 'List', items: [...home, service('a'), shown('y', '93.5.22.100'), shown('z', '93.5.22.101')] }))))
      .toEqual([expect.stringMatching('error Service home/a, .*no available IPs')]);
  });
});

describe('text', () => {
  test.each<[string, string, number, RegExp]>([
    ['that is no YAML', 'a: 1\nb: [', 2, /flow|expected|end/i],
    ['with a key twice', 'apiVersion: v1\nkind: Service\nkind: Service\n', 3, /unique/i],
    ['that is no object of Kubernetes', '# nothing\nhello: world\n', 2, /needs apiVersion and kind/],
    ['with an item that is none', 'apiVersion: v1\nkind: List\nitems:\n- 7\n', 4, /needs apiVersion and kind/],
  ])('%s is a problem at its line', (_, text, line, message) => {
    expect(parseManifests(FILE, text)).toMatchObject({ manifests: [], problems: [{ file: FILE, line, message: expect.stringMatching(message) }] });
  });

  test('may be JSON, have empty documents, and repeat itself by aliases', () => {
    expect(check(`---\n---\n${JSON.stringify(home[0])}\n---\n# end\n`)).toHaveLength(1);
    const text = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: p }
spec:
  addresses: &list
  - 10.0.0.1
  - 10.0.0.300
  serviceAllocation: { namespaces: *list, serviceSelectors: [7] }
`;
    expect(check(text).map(({ line }) => line)).toEqual([7, 8]);
  });

  test('with an object for a name is answered, which text cannot be made of', () => {
    const metadata = { name: { toString: false }, namespace: { toString: 1 } };
    const weird = (kind: string, apiVersion: string) => ({ apiVersion, kind, metadata, spec: {} });
    const kinds = [['Node', 'v1'], ['Namespace', 'v1'], ['Service', 'v1'], ['IPAddressPool', 'metallb.io/v1beta1'], ['Pool', 'metallb.io/v1']];
    expect(said(check(objects(...kinds.map(([kind, version]) => weird(kind, version)))))).toEqual([
      expect.stringMatching('missing pool name'), expect.stringMatching('has no kind "Pool"'),
    ]);
  });

  test('whatever it is, there is an answer', () => {
    const anything = fc.oneof(fc.string(), fc.json());
    const json = fc.jsonValue();
    const kinds = fc.constantFrom('Service', 'IPAddressPool', 'L2Advertisement', 'BGPPeer', 'Node', 'Namespace', 'Secret', 'List');
    const object = fc.record({
      apiVersion: fc.constantFrom('v1', 'metallb.io/v1beta1', 'metallb.io/v1beta2'),
      kind: kinds,
      metadata: fc.oneof(json, fc.record({ name: json, namespace: json, labels: json, annotations: json })),
      spec: fc.oneof(json, fc.record({ type: fc.constant('LoadBalancer'), ports: json, clusterIPs: json, ipFamilies: json, selector: json, loadBalancerIP: json, externalTrafficPolicy: json })),
      status: json,
      items: json,
    });
    fc.assert(fc.property(fc.oneof(anything, fc.array(object).map((list) => objects(...list, ...home))), (text) => {
      const { manifests, problems } = parseManifests(FILE, text);
      for (const { line, message } of problems) expect(line > 0 && message !== '').toBe(true);
      for (const { line, text: what } of checkManifests(manifests, { namespace: 'metallb-system' }).findings) expect(line > 0 && what !== '').toBe(true);
    }), { numRuns: 300 });
  });
});

describe('files and the command', () => {
  let folder: string;
  const log = jest.spyOn(console, 'log'), error = jest.spyOn(console, 'error');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'check-'));
    for (const spy of [log, error]) spy.mockReset().mockImplementation(() => undefined);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    process.exitCode = undefined;
  });
  const put = (name: string, text: string) => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const hlb = async (...args: string[]) => {
    await run(['node', 'hlb', 'check', ...args]);
    return { status: process.exitCode, output: log.mock.calls.map(([line]) => line as string) };
  };

  test('of a folder are its manifests, however deep, and no others', () => {
    for (const name of ['b.yaml', 'a.yml', 'deep/c.json', 'README.md', '.git/d.yaml', 'node_modules/e.yaml']) put(name, `apiVersion: ${name}`);
    put('tsconfig.json', '{}');
    expect(readFiles([folder]).map(({ text }) => text)).toEqual(['a.yml', 'b.yaml', 'deep/c.json'].map((name) => `apiVersion: ${name}`));
  });

  test('says every problem, and ends with 1', async () => {
    put('pools.yaml', objects(pool('p', ['10.0.0.300'])));
    put('services.yaml', objects(service('web')));
    const { status, output } = await hlb(folder);
    expect(status).toBe(1);
    expect(output).toEqual([expect.stringMatching(/pools\.yaml:\d+: error: IPAddressPool metallb-system\/p, spec\.addresses\[0\]: .*; /), '1 error and no warnings in 2 objects of 2 files']);
  });

  test('ends with 0 when there are warnings alone, unless it is strict', async () => {
    put('pool.yaml', objects(pool('p', ['10.0.0.1'])));
    expect((await hlb(folder)).status).toBe(0);
    expect((await hlb(folder, '--strict')).status).toBe(1);
  });

  test('says it in JSON', async () => {
    put('pool.yaml', objects(pool('p', ['10.0.0.300'])));
    const { status, output } = await hlb(folder, '--output', 'json');
    expect([status, JSON.parse(output.join('\n'))]).toEqual([1, { objects: 1, files: 1, findings: [expect.objectContaining({ severity: 'error', file: join(folder, 'pool.yaml') })] }]);
  });

  test.each<[string, (folder: string) => string, RegExp]>([
    ['a file that is not there', (at) => join(at, 'none.yaml'), /no such file/], ['a folder without manifests', (at) => at, /has no manifest/],
  ])('%s: ends with 2', async (_, path, message) => {
    expect((await hlb(path(folder))).status).toBe(2);
    expect(error.mock.calls[0][0]).toMatch(message);
  });
});
