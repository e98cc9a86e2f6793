/**
 * The API, as a table: each kind with its fields, in the notation of `shape`. `crds/metallb.io.yaml` is the source of these shapes;
 * this is what must not change by accident, because the manifests of users and the objects that MetalLB stored depend on it.
 */
import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import Ajv, { ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { ApiObject, REFUSED, VALID } from './crds.examples';
import { Schema, shape, walk } from './crds.schema';

const ROOT = path.join(__dirname, '..');
const FILE = path.join(ROOT, 'crds/metallb.io.yaml');

const SELECTOR = {
  '(atomic)': true,
  'matchLabels': '{string}',
  'matchExpressions': ['atomic', { 'key!': 'string', 'operator!': 'string', 'values': ['atomic', 'string'] }],
};
const NO_STATUS = '{}';

/** What the advertisements have in common. */
const ADVERTISEMENT = {
  ipAddressPools: ['string'],
  ipAddressPoolSelectors: [SELECTOR],
  nodeSelectors: [SELECTOR],
  serviceSelectors: [SELECTOR],
};

const DURATION = 'string: must be a duration with a unit, such as 90s or 1m30s';
const PEER = {
  '(rules)': [
    'missing peer ASN and dynamicASN: set peerASN to the AS number of the router, or dynamicASN to internal or external',
    'both peer ASN and dynamicASN specified, remove one of them',
    'peer has no Address or Interface specified: set peerAddress to the address of the router, or interface for an unnumbered session',
    'peer has both Address and Interface specified, remove one of them',
    'missing local ASN, set myASN to the AS number of the cluster, such as 64512',
    'invalid ebgp-multihop parameter set for an ibgp peer: remove ebgpMultiHop, peers of one AS may be any number of hops apart',
    'can not have both password and secret ref set, remove password',
  ],
  'myASN!': 'int64 0..4294967295',
  'peerASN': 'int64 0..4294967295',
  'dynamicASN': 'internal | external',
  'localASN': 'int64 1..4294967295',
  'peerAddress': 'string',
  'interface': 'string',
  'sourceAddress': 'string',
  'peerPort': 'integer 1..16384 = 179',
  'holdTime': `${DURATION}; must be 0 or >=3s, such as 90s, or 0s for a session that never times out`,
  'keepaliveTime': DURATION,
  'connectTime': 'string: connect time should be between 1 seconds to 65535; connect time should contain a whole number of seconds',
  'routerID': 'string',
  'nodeSelectors': [SELECTOR],
  'password': 'string',
  'passwordSecret': { '(atomic)': true, 'name': 'string', 'namespace': 'string' },
  'bfdProfile': 'string',
  'enableGracefulRestart': 'boolean: EnableGracefulRestart cannot be changed after creation',
  'ebgpMultiHop': 'boolean',
  'vrf': 'string',
  'disableMP': 'boolean = false',
  'dualStackAddressFamily': 'boolean = false',
};
const PEER_COLUMNS = [
  'Address string .spec.peerAddress', 'ASN string .spec.peerASN', 'BFD Profile string .spec.bfdProfile', 'Multi Hops string .spec.ebgpMultiHop',
];

const STATUS_OF_SERVICE = {
  node: 'string: Value is immutable',
  serviceName: 'string: Value is immutable',
  serviceNamespace: 'string: Value is immutable',
};

interface Kind {
  plural: string;
  columns: string[];
  /** The fields of the object beside apiVersion, kind and metadata. */
  fields: object;
  version?: string;
  deprecated?: string;
}

const KINDS: Record<string, Kind> = {
  'IPAddressPool v1beta1': {
    plural: 'ipaddresspools',
    columns: [
      'Auto Assign boolean .spec.autoAssign', 'Avoid Buggy IPs boolean .spec.avoidBuggyIPs', 'Addresses string .spec.addresses',
    ],
    fields: {
      'spec!': {
        '(rules)': ['pool has no prefixes defined, list at least one address, such as 93.5.22.100'],
        'addresses!': ['string'],
        'autoAssign': 'boolean = true',
        'avoidBuggyIPs': 'boolean = false',
        'serviceAllocation': {
          priority: 'integer',
          namespaces: ['string'],
          namespaceSelectors: [SELECTOR],
          serviceSelectors: [SELECTOR],
        },
      },
      'status': { 'assignedIPv4!': 'int64', 'assignedIPv6!': 'int64', 'availableIPv4!': 'int64', 'availableIPv6!': 'int64' },
    },
  },
  'L2Advertisement v1beta1': {
    plural: 'l2advertisements',
    columns: [
      'IPAddressPools string .spec.ipAddressPools', 'IPAddressPool Selectors string .spec.ipAddressPoolSelectors',
      'Interfaces string .spec.interfaces', 'Node Selectors string .spec.nodeSelectors, priority 10',
    ],
    fields: {
      spec: {
        ...ADVERTISEMENT,
        interfaces: ['string'],
        preferredNodeSelectors: [{ 'weight!': 'int32 1..100', 'preference!': SELECTOR }],
      },
      status: NO_STATUS,
    },
  },
  'BGPAdvertisement v1beta1': {
    plural: 'bgpadvertisements',
    columns: [
      'IPAddressPools string .spec.ipAddressPools', 'IPAddressPool Selectors string .spec.ipAddressPoolSelectors',
      'Peers string .spec.peers', 'Node Selectors string .spec.nodeSelectors, priority 10',
    ],
    fields: {
      spec: {
        ...ADVERTISEMENT,
        '(rules)': [expect.stringMatching(/^serviceSelectors and aggregationLength are mutually exclusive/)],
        'aggregationLength': 'int32 1..32 = 32',
        'aggregationLengthV6': 'int32 1..128 = 128',
        'localPref': 'int32',
        'asPathPrepend': 'int32 1..10',
        'communities': ['string'],
        'peers': ['string'],
      },
      status: NO_STATUS,
    },
  },
  'BGPPeer v1beta2': { plural: 'bgppeers', columns: PEER_COLUMNS, fields: { spec: PEER, status: NO_STATUS } },
  'BGPPeer v1beta1': {
    plural: 'bgppeers',
    deprecated: 'v1beta1 is deprecated, please use v1beta2',
    columns: PEER_COLUMNS,
    // As v1beta2, because conversion changes only the apiVersion; but 0 was a valid port, and there was no default.
    fields: { spec: { ...PEER, peerPort: 'integer 0..16384' }, status: NO_STATUS },
  },
  'BFDProfile v1beta1': {
    plural: 'bfdprofiles',
    columns: [
      'Passive Mode boolean .spec.passiveMode', 'Transmit Interval integer .spec.transmitInterval',
      'Receive Interval integer .spec.receiveInterval', 'Multiplier integer .spec.detectMultiplier',
    ],
    fields: {
      spec: {
        receiveInterval: 'int32 10..60000',
        transmitInterval: 'int32 10..60000',
        detectMultiplier: 'int32 2..255',
        echoInterval: 'int32 10..60000',
        echoMode: 'boolean',
        passiveMode: 'boolean',
        minimumTtl: 'int32 1..254',
      },
      status: NO_STATUS,
    },
  },
  'Community v1beta1': {
    plural: 'communities',
    columns: [],
    fields: { spec: { communities: [{ name: 'string', value: 'string /^([0-9]+:[0-9]+|large:[0-9]+:[0-9]+:[0-9]+)$/' }] }, status: NO_STATUS },
  },
  'ServiceL2Status v1beta1': {
    plural: 'servicel2statuses',
    columns: [
      'Allocated Node string .status.node', 'Service Name string .status.serviceName', 'Service Namespace string .status.serviceNamespace',
    ],
    fields: { spec: '{}', status: { ...STATUS_OF_SERVICE, interfaces: [{ name: 'string' }] } },
  },
  'ServiceBGPStatus v1beta1': {
    plural: 'servicebgpstatuses',
    columns: ['Node string .status.node', 'Service Name string .status.serviceName', 'Service Namespace string .status.serviceNamespace'],
    fields: { spec: '{}', status: { ...STATUS_OF_SERVICE, peers: ['string'] } },
  },
  'ConfigurationState v1beta1': {
    plural: 'configurationstates',
    columns: ['Result string .status.result', 'ErrorSummary string .status.errorSummary', 'Age date .metadata.creationTimestamp'],
    fields: {
      status: {
        result: 'Valid | Invalid | Unknown',
        errorSummary: 'string',
        conditions: ['by type', {
          'type!': expect.stringMatching(/^string ..316 \/.*\/$/),
          'status!': 'True | False | Unknown',
          'reason!': 'string 1..1024 /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/',
          'message!': 'string ..32768',
          'lastTransitionTime!': 'date-time',
          'observedGeneration': 'int64 0..',
        }],
      },
    },
  },
};

/* eslint-disable @typescript-eslint/no-explicit-any -- schemas are JSON */
const definitions: any[] = parseAllDocuments(fs.readFileSync(FILE, 'utf8')).map((document) => document.toJS());
const versions = definitions.flatMap(({ spec }) => spec.versions.map((version: any) => [`${spec.names.kind} ${version.name}`, spec, version] as const));

describe('the table', () => {
  test('names every kind and version, the storage version first', () => {
    expect(versions.map(([name]) => name)).toEqual(Object.keys(KINDS));
    for (const { spec } of definitions) {
      expect(spec.versions.map((version: any) => version.storage)).toEqual([true, false].slice(0, spec.versions.length));
    }
  });

  test.each(versions)('%s', (name, spec, version) => {
    const { plural, columns, fields, deprecated } = KINDS[name], kind = name.split(' ')[0];
    expect(spec).toMatchObject({
      group: 'metallb.io',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, singular: kind.toLowerCase(), plural },
    });
    expect(version).toMatchObject({ served: true, subresources: { status: {} } });
    expect([version.deprecated, version.deprecationWarning]).toEqual(deprecated ? [true, deprecated] : [undefined, undefined]);
    expect((version.additionalPrinterColumns ?? []).map((column: any) => {
      return `${column.name} ${column.type} ${column.jsonPath}${column.priority ? `, priority ${column.priority}` : ''}`;
    })).toEqual(columns);
    expect(shape(version.schema.openAPIV3Schema)).toEqual({ apiVersion: 'string', kind: 'string', metadata: '{}', ...fields });
  });

  test.each(definitions.map(({ metadata, spec }) => [metadata.name, spec]))('%s needs no webhook', (name, { conversion, names }) => {
    expect(name).toBe(`${names.plural}.metallb.io`);
    // null lets a client-side apply remove the webhook of MetalLB
    expect(conversion).toEqual(name.startsWith('bgppeers') ? { strategy: 'None', webhook: null } : undefined);
  });

  test('each field is described, for kubectl explain', () => {
    const standard = /\.(apiVersion|kind|metadata)$|\[\]$/;
    const silent = versions.flatMap(([name, , version]) => [...walk(version.schema.openAPIV3Schema, name)])
      .filter(([at, schema]) => !schema.description && !standard.test(at)).map(([at]) => at);
    expect(silent).toEqual([]);
  });
});

describe('examples', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validators = new Map<string, ValidateFunction>(
    versions.map(([name, , version]) => [name, ajv.compile(closed(version.schema.openAPIV3Schema))]),
  );
  const errors = ({ apiVersion, kind, ...rest }: ApiObject) => {
    const validate = validators.get(`${kind} ${apiVersion.split('/')[1]}`)!;
    validate({ apiVersion, kind, ...rest });
    return (validate.errors ?? []).map(({ instancePath, params }) => field(instancePath, params.missingProperty));
  };
  /** As the API server writes it: `spec.nodeSelectors[0].key`. */
  const field = (pointer: string, missing?: string) =>
    (pointer + (missing ? `/${missing}` : '')).slice(1).replace(/\/(\d+)/g, '[$1]').replace(/\//g, '.');

  test('cover each kind and version', () => {
    expect(new Set(VALID.map(({ apiVersion, kind }) => `${kind} ${apiVersion.split('/')[1]}`))).toEqual(new Set(Object.keys(KINDS)));
  });

  test.each(VALID.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))('%s is valid', (_, object) => {
    expect(errors(object)).toEqual([]);
  });

  test.each(REFUSED.filter(({ rule }) => !rule).map((each) => [each.why, each] as const))('%s is refused by the schema', (_, refused) => {
    expect(errors(refused.object)).toContain(refused.field);
  });

  test.each(REFUSED.filter(({ rule }) => rule).map((each) => [each.why, each] as const))('%s is left to a rule', (_, refused) => {
    expect(errors(refused.object)).toEqual([]);
    const { kind, apiVersion } = refused.object;
    const [, , version] = versions.find(([name]) => name === `${kind} ${apiVersion.split('/')[1]}`)!;
    const ruled = [...walk(version.schema.openAPIV3Schema, '')].find(([at]) => at === `.${refused.field}`)![1];
    expect(ruled['x-kubernetes-validations'].map((rule: any) => rule.message)).toContainEqual(expect.stringContaining(refused.message));
  });

  test('a misspelt field is unknown', () => {
    expect(errors({ apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'x' }, spec: { addresses: [], autoasign: true } }))
      .toEqual(['spec']);
  });

  /** The same schema, which refuses the fields that it does not know, as `kubectl apply` does. */
  function closed(schema: Schema): Schema {
    const { properties, items, ...rest } = schema;
    return {
      ...rest,
      ...(items && { items: closed(items) }),
      ...(properties && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, closed(property)])),
        additionalProperties: false,
      }),
    };
  }
});

describe('what is generated from the CRDs is up to date', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'crds-'));
  const run = (program: string, ...args: string[]) => execFileSync(path.join(ROOT, 'node_modules/.bin', program), args, { cwd: ROOT, stdio: 'pipe' });
  const read = (file: string) => fs.readFileSync(file, 'utf8');
  afterAll(() => fs.rmSync(directory, { recursive: true }));

  test('the constructs of src/imports', () => {
    run('cdk8s', 'import', 'crds/metallb.io.yaml', '-l', 'typescript', '-o', directory, '--no-save', '--check-upgrade=false');
    expect(fs.readdirSync(directory)).toEqual(['metallb.io.ts']);
    expect(read(path.join(ROOT, 'src/imports/metallb.io.ts')) === read(path.join(directory, 'metallb.io.ts'))).toBe(true);
  }, 60_000);

  test("the program's types", () => {
    const target = path.join(directory, 'types.ts');
    run('tsx', 'projenrc/crd-types.ts', target);
    expect(read(path.join(ROOT, 'speaker/src/config/metallb.io.ts')) === read(target)).toBe(true);
  }, 60_000);
});
