/** The custom resources on a real API server, by kubectl, as a user applies them. The tables are those of `test/crds.examples.ts`. */
import * as fs from 'fs';
import * as path from 'path';
import { parseAllDocuments } from 'yaml';
import { ApiObject, HOME, REFUSED, VALID } from '../../test/crds.examples';
import { kubeBinaries, RealApiServer, startRealApiServer } from '../apiserver';
import { CommandOptions, run } from '../command';

const FILE = path.join(__dirname, '../../crds/metallb.io.yaml');
const NAMESPACE = 'metallb-system';

let server: RealApiServer;

beforeAll(async () => {
  server = await startRealApiServer();
  await kubectl(['create', 'namespace', NAMESPACE]);
});
afterAll(async () => server?.stop());

async function kubectl(args: string[], options?: CommandOptions) {
  const { kubeconfig, directory } = server; // with a cache of its own: an earlier server may have had this port
  const program = path.join(kubeBinaries(), 'kubectl');
  return run([program, '--kubeconfig', kubeconfig, '--cache-dir', path.join(directory, 'kubectl'), '--namespace', NAMESPACE, ...args], options);
}

/** Sends objects to kubectl by its standard input. */
const objects = (...list: object[]): CommandOptions => ({ input: list.map((object) => JSON.stringify(object)).join('\n---\n'), check: false });

const json = async (...args: string[]) => JSON.parse((await kubectl(['get', '-o', 'json', ...args])).stdout);

/** `bgppeers.v1beta1.metallb.io`: kubectl asks for the newest version unless told. */
const resource = ({ apiVersion, kind }: ApiObject) => `${kind.toLowerCase()}.${apiVersion.split('/')[1]}.metallb.io`;

const pool = (name: string, spec: object): ApiObject => ({ apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name }, spec });
const peer = (name: string, spec: object, version = 'v1beta2'): ApiObject => ({
  apiVersion: `metallb.io/${version}`, kind: 'BGPPeer', metadata: { name }, spec: { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1', ...spec },
});

describe('the definitions', () => {
  test('are applied without a word of warning', async () => {
    const { stdout, stderr } = await kubectl(['apply', '--server-side', '-f', FILE]);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').map((line) => line.split(' ')[1])).toEqual(Array(9).fill('serverside-applied'));
    await kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', FILE]);
  });

  test('have no defect that the API server reports', async () => {
    const { items } = await json('-f', FILE);
    for (const { metadata, status } of items) {
      expect([metadata.name, status.conditions.map(({ type, status: value }: Record<string, string>) => `${type} ${value}`)])
        .toEqual([metadata.name, ['NamesAccepted True', 'Established True']]);
      expect(status.storedVersions).toEqual([metadata.name === 'bgppeers.metallb.io' ? 'v1beta2' : 'v1beta1']);
    }
  });

  test('are unchanged by a second apply, and do not differ from what is stored', async () => {
    const versions = async () => (await json('-f', FILE)).items.map(({ metadata }: { metadata: object }) => metadata);
    const before = await versions();
    await kubectl(['apply', '--server-side', '-f', FILE]);
    expect(await versions()).toEqual(before);
    expect(await kubectl(['diff', '--server-side', '-f', FILE], { check: false })).toMatchObject({ code: 0, stdout: '' });
  });

  test('explain themselves', async () => {
    expect((await kubectl(['explain', 'ipaddresspool.spec.addresses'])).stdout).toMatch(/single address \(93\.5\.22\.100\)/);
    expect((await kubectl(['explain', 'bgppeer.spec.holdTime'])).stdout).toMatch(/RFC\s+4271/);
    expect((await kubectl(['explain', 'bgppeer', '--api-version=metallb.io/v1beta1'])).stdout).toMatch(/Deprecated: write\s+v1beta2/);
  });
});

describe('objects', () => {
  let accepted: string[], warnings: string, refusals: string[];

  beforeAll(async () => {
    await kubectl(['apply', '-f', '-'], objects(...HOME)); // as a user of MetalLB has them
    const valid = await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects(...VALID));
    [accepted, warnings] = [valid.stdout.trim().split('\n'), valid.stderr];
    const refused = REFUSED.map(({ object }, i) => ({ ...object, metadata: { name: `refused-${i}` } }));
    refusals = (await kubectl(['create', '-f', '-'], objects(...refused))).stderr.split(/(?=^\S)/m);
  });

  test.each(VALID.map((object) => [object.kind, object.metadata.name] as const))('%s %s is accepted', (kind, name) => {
    expect(accepted).toContain(`${kind.toLowerCase()}.metallb.io/${name} serverside-applied`);
  });

  test('only the deprecated version warns', () => {
    expect([...new Set(warnings.trim().split('\n'))]).toEqual(['Warning: v1beta1 is deprecated, please use v1beta2']);
  });

  test.each(REFUSED.map((refused, i) => [refused.why, refused, i] as const))('%s is refused', (_, { object, field, message }, i) => {
    const said = refusals.find((refusal) => refusal.includes(`"refused-${i}"`));
    expect(said).toContain(`${object.kind}.metallb.io "refused-${i}" is invalid`);
    expect(said).toContain(`${field}: `);
    expect(said).toContain(message);
  });

  test('a misspelt field is refused', async () => {
    const { stderr } = await kubectl(['apply', '--server-side', '-f', '-'], objects(pool('misspelt', { addresses: ['192.0.2.1'], autoasign: true })));
    expect(stderr).toMatch(/unknown field "spec\.autoasign"|\.spec\.autoasign: field not declared in schema/);
  });

  test('defaults are filled in', async () => {
    expect((await json('ipaddresspool', HOME[0].metadata.name)).spec).toEqual({ addresses: ['93.5.22.100'], autoAssign: true, avoidBuggyIPs: false });
    expect((await json('bgpadvertisement', 'empty')).spec).toEqual({ aggregationLength: 32, aggregationLengthV6: 128 });
    expect((await json('bgppeer', 'router')).spec).toMatchObject({ peerPort: 179, disableMP: false, dualStackAddressFamily: false });
    expect((await json('bfdprofile', 'defaults')).spec).toEqual({});
  });

  test.each([
    ['ipaddresspools', 'NAME AUTO ASSIGN AVOID BUGGY IPS ADDRESSES', 'workstation-ip-pool true false ["93.5.22.100"]'],
    ['l2advertisements', 'NAME IPADDRESSPOOLS IPADDRESSPOOL SELECTORS INTERFACES', 'workstation-l2adv ["workstation-ip-pool"]'],
    ['l2advertisements -o wide', 'NAME IPADDRESSPOOLS IPADDRESSPOOL SELECTORS INTERFACES NODE SELECTORS', 'nothing'],
    ['bgpadvertisements', 'NAME IPADDRESSPOOLS IPADDRESSPOOL SELECTORS PEERS', 'empty'],
    ['bgpadvertisements -o wide', 'NAME IPADDRESSPOOLS IPADDRESSPOOL SELECTORS PEERS NODE SELECTORS', 'empty'],
    ['bgppeers', 'NAME ADDRESS ASN BFD PROFILE MULTI HOPS', 'every-field 2001:db8::1 1 fast true'],
    ['bgppeers.v1beta1.metallb.io', 'NAME ADDRESS ASN BFD PROFILE MULTI HOPS', 'old 192.0.2.1 64513'],
    ['bfdprofiles', 'NAME PASSIVE MODE TRANSMIT INTERVAL RECEIVE INTERVAL MULTIPLIER', 'fast true 60000 10 2'],
    ['communities', 'NAME AGE', expect.stringMatching(/^names \d+s$/)],
    ['servicel2statuses', 'NAME ALLOCATED NODE SERVICE NAME SERVICE NAMESPACE', 'l2-x'],
    ['servicebgpstatuses', 'NAME NODE SERVICE NAME SERVICE NAMESPACE', 'bgp-x'],
    ['configurationstates', 'NAME RESULT ERRORSUMMARY AGE', expect.stringMatching(/^controller \d+s$/)],
  ])('kubectl get %s shows %s', async (what, header, row) => {
    const lines = (await kubectl(['get', ...what.split(' ')])).stdout.trim().split('\n').map((line) => line.replace(/ +/g, ' ').trim());
    expect(lines[0]).toBe(header);
    expect(lines.slice(1)).toContainEqual(row);
  });

  test('each is in its namespace, without short names or categories', async () => {
    const { stdout } = await kubectl(['api-resources', '--api-group=metallb.io', '--no-headers', '-o', 'wide']);
    const rows = stdout.trim().split('\n').map((line) => line.trim().split(/ +/));
    expect(rows).toHaveLength(9); // name, version, namespaced, kind, verbs: no short name, no category
    rows.forEach((columns) => expect(columns).toEqual([columns[0], expect.stringMatching(/^metallb.io/), 'true', columns[3], expect.any(String)]));
  });
});

describe('the status', () => {
  const STATUS = { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 0, availableIPv6: 0 };
  const patch = (what: string, name: string, change: object, ...more: string[]) =>
    kubectl(['patch', what, name, '--type=merge', '-p', JSON.stringify(change), ...more], { check: false });

  test.each(VALID.map((object) => [resource(object), object.metadata.name] as const))('of %s %s has an end point of its own', async (what, name) => {
    expect(await patch(what, name, { metadata: { labels: { seen: 'yes' } } }, '--subresource=status')).toMatchObject({ code: 0 });
  });

  test('is written apart from the spec', async () => {
    await patch('ipaddresspool', 'every-field', { spec: { avoidBuggyIPs: false }, status: STATUS }, '--subresource=status');
    const written = await json('ipaddresspool', 'every-field');
    expect(written).toMatchObject({ spec: { avoidBuggyIPs: true }, status: STATUS, metadata: { generation: 1 } });
    await patch('ipaddresspool', 'every-field', { status: { ...STATUS, assignedIPv4: 7 } });
    expect(await json('ipaddresspool', 'every-field')).toMatchObject({ status: STATUS });
  });

  test('of a pool counts up to the largest number there is', async () => {
    const written = await kubectl(['patch', 'ipaddresspool', 'every-field', '--type=merge', '--subresource=status', '-o', 'jsonpath={.status.availableIPv6}',
      '-p', '{"status":{"availableIPv6":9223372036854775807}}']);
    expect(written.stdout).toBe('9223372036854775807');
  });

  test('of a pool has all four numbers or none', async () => {
    const { stderr } = await patch('ipaddresspool', HOME[0].metadata.name, { status: { assignedIPv4: 1 } }, '--subresource=status');
    expect(stderr).toContain('status.availableIPv6: Required value');
  });

  test.each([['servicel2status', 'l2-x'], ['servicebgpstatus', 'bgp-x']])('of a %s belongs to one Service and node for ever', async (what, name) => {
    const status = { node: 'node-a', serviceName: 'web', serviceNamespace: 'default' };
    expect(await patch(what, name, { status }, '--subresource=status')).toMatchObject({ code: 0 });
    for (const field of Object.keys(status)) {
      const { stderr } = await patch(what, name, { status: { [field]: 'other' } }, '--subresource=status');
      expect(stderr).toMatch(new RegExp(`status\\.${field}: Invalid value: .*Value is immutable`));
    }
  });

  test('of the configuration has a condition for each that writes one', async () => {
    const write = (type: string, result: string) => kubectl(
      ['apply', '--server-side', '--subresource=status', `--field-manager=${type}`, '--force-conflicts', '-f', '-'],
      objects({
        apiVersion: 'metallb.io/v1beta1',
        kind: 'ConfigurationState',
        metadata: { name: 'controller' },
        status: { result, conditions: [{ type, status: 'True', reason: 'Reconciled', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
      }),
    );
    await write('poolReconcilerValid', 'Unknown');
    await write('configReconcilerValid', 'Valid');
    const { status } = await json('configurationstate', 'controller');
    expect([status.result, status.conditions.map(({ type }: { type: string }) => type)]).toEqual(['Valid', ['poolReconcilerValid', 'configReconcilerValid']]);
    expect((await write('poolReconcilerValid', 'Good')).stderr).toContain('supported values: "Valid", "Invalid", "Unknown"');
  });
});

describe('the two versions of a peer', () => {
  test('keep everything when an old client writes back what it read', async () => {
    for (const name of ['every-field', 'unnumbered', 'router']) {
      const before = await json('bgppeer', name);
      const old = await json('bgppeers.v1beta1.metallb.io', name);
      expect(old).toEqual({ ...before, apiVersion: 'metallb.io/v1beta1' });
      old.metadata.labels = { touched: 'yes' };
      const replaced = await kubectl(['replace', '-f', '-'], objects(old));
      expect(replaced.stdout).toContain('replaced');
      expect(await json('bgppeer', name)).toMatchObject({ spec: before.spec, metadata: { labels: { touched: 'yes' }, generation: before.metadata.generation } });
    }
  });

  test('leave unset timers unset, and give the old one the usual port', async () => {
    expect((await json('bgppeer', 'old')).spec).toEqual({
      myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1', peerPort: 179, disableMP: false, dualStackAddressFamily: false,
    });
    expect((await json('bgppeer', 'old-every-field')).spec.peerPort).toBe(0); // means 179, and is for the reader to know
  });

  test.each(['v1beta1', 'v1beta2'])('do not let graceful restart be changed by %s', async (version) => {
    const name = `graceful-${version}`;
    await kubectl(['create', '-f', '-'], objects(peer(name, { enableGracefulRestart: true })));
    const { stderr } = await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects(peer(name, { enableGracefulRestart: false }, version)));
    expect(stderr).toContain('EnableGracefulRestart cannot be changed after creation');
  });
});

describe('a cluster in which MetalLB was installed', () => {
  const own = parseAllDocuments(fs.readFileSync(FILE, 'utf8')).map((document) => document.toJS()).find(({ spec }) => spec.names.kind === 'BGPPeer');
  const WEBHOOK = {
    strategy: 'Webhook',
    webhook: {
      conversionReviewVersions: ['v1beta1', 'v1beta2'],
      clientConfig: { service: { name: 'metallb-webhook-service', namespace: NAMESPACE, path: '/convert' } },
    },
  };
  const conversion = async () => (await json('crd', 'bgppeers.metallb.io')).spec.conversion;

  beforeEach(async () => {
    await kubectl(['delete', 'crd', 'bgppeers.metallb.io']);
    await kubectl(['create', '--field-manager=helm', '-f', '-'], { ...objects({ ...own, spec: { ...own.spec, conversion: WEBHOOK } }), check: true });
    await kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/bgppeers.metallb.io']);
    expect(await conversion()).toMatchObject({ strategy: 'Webhook' });
  });

  test('is taken over by a client-side apply', async () => {
    await kubectl(['apply', '-f', FILE]);
    expect(await conversion()).toEqual({ strategy: 'None' });
  });

  test('is taken over by a server-side apply once the webhook is patched out', async () => {
    const refused = await kubectl(['apply', '--server-side', '--force-conflicts', '-f', FILE], { check: false });
    expect(refused.stderr).toContain('should not be set when strategy is not set to Webhook');
    const [, patch] = /patch crd bgppeers\.metallb\.io --type=merge -p '(.*)'/.exec(fs.readFileSync(FILE, 'utf8'))!; // as the file tells its reader
    await kubectl(['patch', 'crd', 'bgppeers.metallb.io', '--type=merge', '-p', patch]);
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', FILE]);
    expect(await conversion()).toEqual({ strategy: 'None' });
  });

  test('keeps the peers that it has, readable in both versions', async () => {
    await kubectl(['create', '-f', '-'], { ...objects(peer('kept', { vrf: 'red' })), check: true });
    await kubectl(['apply', '-f', FILE]);
    expect((await json('bgppeers.v1beta1.metallb.io', 'kept')).spec).toMatchObject({ vrf: 'red' });
    expect((await json('bgppeers', 'kept')).spec).toMatchObject({ vrf: 'red' });
  });
});
