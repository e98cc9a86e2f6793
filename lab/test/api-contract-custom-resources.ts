import { AnyObject, Contract, failure } from './api-contract-support';
import { BGP_PEERS, CONFIGURATION_STATES, IP_ADDRESS_POOLS, ResourceRef, SERVICE_L2_STATUSES } from '../../speaker/src/kube';
import { ApiObject, REFUSED, VALID } from '../../test/crds.examples';

const PLURALS: Record<string, string> = {
  BFDProfile: 'bfdprofiles',
  BGPAdvertisement: 'bgpadvertisements',
  BGPPeer: 'bgppeers',
  Community: 'communities',
  ConfigurationState: 'configurationstates',
  IPAddressPool: 'ipaddresspools',
  L2Advertisement: 'l2advertisements',
  ServiceBGPStatus: 'servicebgpstatuses',
  ServiceL2Status: 'servicel2statuses',
};

function resourceOf({ apiVersion, kind }: ApiObject): ResourceRef {
  const [group, version] = apiVersion.split('/');
  return { group, version, plural: PLURALS[kind], kind, namespaced: true };
}

/** The older version of BGPPeer needs a conversion webhook, which is not part of an API server. */
function needsConversion({ kind, apiVersion }: ApiObject): boolean {
  return kind === 'BGPPeer' && apiVersion === 'metallb.io/v1beta1';
}

/** Custom resources: schema, defaults, rules, generation, status. */
export function customResourceContract({ client, namespace }: Contract): void {
  const options = { namespace };
  const placed = (object: ApiObject, prefix = '') => ({ ...object, metadata: { ...object.metadata, name: `${prefix}${object.metadata.name}`, namespace } });

  const refused = REFUSED.filter(({ object }) => !needsConversion(object));
  test.each(refused.map(({ why, object, field, message }) => [why, object, field, message] as const))(
    'refuses %s', async (_why, object, field, message) => {
      const error = await failure(client().create(resourceOf(object), placed(object)));
      expect(error).toMatchObject({ code: 'Invalid', status: 422, message: expect.stringContaining(message) });
      expect(error.message).toContain(`${field}: `);
    });

  const valid = VALID.filter((object) => !needsConversion(object));
  test.each(valid.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    'accepts %s', async (_name, object) => {
      const created = await client().create<AnyObject>(resourceOf(object), placed(object, 'valid-'));
      expect(created).toMatchObject({ kind: object.kind, ...(object.spec === undefined ? {} : { spec: object.spec }) });
    });

  test('names every problem of an object, in the words of Kubernetes', async () => {
    const spec = { addresses: 'x', autoAssign: 'yes' };
    const { message } = await failure(client().create(IP_ADDRESS_POOLS, { metadata: { name: 'wrong', namespace }, spec }));
    expect(message).toMatch(/^IPAddressPool\.metallb\.io "wrong" is invalid: \[.*\]$/); // in any order
    expect(message).toContain('spec.addresses: Invalid value: "string": spec.addresses in body must be of type array: "string"');
    expect(message).toContain('spec.autoAssign: Invalid value: "string": spec.autoAssign in body must be of type boolean: "string"');
  });

  test('fills in defaults and drops unknown fields', async () => {
    const pool = await client().create<AnyObject>(IP_ADDRESS_POOLS, { metadata: { name: 'defaults', namespace }, spec: { addresses: ['93.5.22.100'], unknown: 1 }, other: 2 });
    expect(pool.spec).toEqual({ addresses: ['93.5.22.100'], autoAssign: true, avoidBuggyIPs: false });
    expect(pool.other).toBeUndefined();
  });

  test('counts generations of the specification, not of metadata or status', async () => {
    const name = 'generation';
    expect((await client().create<AnyObject>(IP_ADDRESS_POOLS, { metadata: { name, namespace }, spec: { addresses: ['93.5.22.100'] } })).metadata.generation).toBe(1);
    const change = async (patch: object, subresource?: 'status') =>
      (await client().patch<AnyObject>(IP_ADDRESS_POOLS, name, patch, { ...options, subresource })).metadata.generation;
    expect(await change({ metadata: { labels: { a: 'b' } } })).toBe(1);
    expect(await change({ status: { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 0, availableIPv6: 0 } }, 'status')).toBe(1);
    expect(await change({ spec: { autoAssign: false } })).toBe(2);
  });

  test('replaces an object only with its resourceVersion', async () => {
    const pool = await client().create<AnyObject>(IP_ADDRESS_POOLS, { metadata: { name: 'replace', namespace }, spec: { addresses: ['93.5.22.100'] } });
    const { resourceVersion: _resourceVersion, ...metadata } = pool.metadata;
    expect(await failure(client().update(IP_ADDRESS_POOLS, { ...pool, metadata }))).toMatchObject(
      { code: 'Invalid', message: 'ipaddresspools.metallb.io "replace" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update' });
    const replaced = await client().update<AnyObject>(IP_ADDRESS_POOLS, { ...pool, spec: { addresses: ['93.5.22.101'] } } as AnyObject);
    expect(replaced.spec.addresses).toEqual(['93.5.22.101']);
  });

  describe('status', () => {
    test('is dropped at creation, written apart, and takes no metadata with it', async () => {
      const created = await client().create<AnyObject>(CONFIGURATION_STATES, { metadata: { name: 'apart', namespace }, status: { result: 'Valid' } });
      expect(created.status).toBeUndefined();
      const patch = { metadata: { labels: { a: 'b' } }, status: { result: 'Invalid', errorSummary: 'x' } };
      const written = await client().patch<AnyObject>(CONFIGURATION_STATES, 'apart', patch, { ...options, subresource: 'status' });
      expect(written.status).toEqual({ result: 'Invalid', errorSummary: 'x' });
      expect(written.metadata.labels).toBeUndefined();
      const main = await client().patch<AnyObject>(CONFIGURATION_STATES, 'apart', { ...patch, status: { result: 'Valid' } }, options);
      expect([main.status.result, main.metadata.labels]).toEqual(['Invalid', { a: 'b' }]);
    });

    test('is validated', async () => {
      await client().create(CONFIGURATION_STATES, { metadata: { name: 'validated', namespace } });
      expect(await failure(client().patch(CONFIGURATION_STATES, 'validated', { status: { result: 'Maybe' } }, { ...options, subresource: 'status' }))).toMatchObject(
        { code: 'Invalid', message: expect.stringContaining('status.result: Unsupported value: "Maybe": supported values: "Valid", "Invalid", "Unknown"') });
    });

    test('fields that are immutable can be set once', async () => {
      await client().create(SERVICE_L2_STATUSES, { metadata: { name: 'immutable', namespace } });
      const write = (node: string) => client().patch<AnyObject>(SERVICE_L2_STATUSES, 'immutable', { status: { node } }, { ...options, subresource: 'status' });
      expect((await write('a')).status.node).toBe('a');
      expect((await write('a')).status.node).toBe('a');
      expect(await failure(write('b'))).toMatchObject({ message: 'ServiceL2Status.metallb.io "immutable" is invalid: status.node: Invalid value: "b": Value is immutable' });
    });
  });

  test('rules that compare with the old object leave a new one alone', async () => {
    const spec = { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1', enableGracefulRestart: true };
    await client().create(BGP_PEERS, { metadata: { name: 'graceful', namespace }, spec });
    expect(await failure(client().patch(BGP_PEERS, 'graceful', { spec: { enableGracefulRestart: false } }, options))).toMatchObject(
      { message: expect.stringContaining('spec.enableGracefulRestart: Invalid value: false: EnableGracefulRestart cannot be changed after creation') });
  });

  test('a merge patch that breaks the schema changes nothing', async () => {
    const pool = await client().create<AnyObject>(IP_ADDRESS_POOLS, { metadata: { name: 'broken', namespace }, spec: { addresses: ['93.5.22.100'] } });
    expect(await failure(client().patch(IP_ADDRESS_POOLS, 'broken', { spec: { addresses: null } }, options))).toMatchObject(
      {
        message: `${pool.kind}.metallb.io "broken" is invalid: [spec.addresses: Required value, <nil>: Invalid value: null: `
        + 'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
      });
    expect(await client().get(IP_ADDRESS_POOLS, 'broken', options)).toEqual(pool);
  });

  test('are listed by the group that serves them', async () => {
    const { items } = await client().list<AnyObject>(IP_ADDRESS_POOLS, options);
    expect(items.every(({ apiVersion, kind }) => `${kind} ${apiVersion}` === 'IPAddressPool metallb.io/v1beta1')).toBe(true);
    expect(items.length).toBeGreaterThan(0);
  });
}
