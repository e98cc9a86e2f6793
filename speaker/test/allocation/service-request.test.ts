import * as fc from 'fast-check';
import { service } from './fixtures';
import { serviceRequest } from '../../src/allocation';

function read(...args: Parameters<typeof service>) {
  const result = serviceRequest(service(...args));
  if (!result.ok) throw new Error(result.reason.message);
  return result.request;
}

describe('a request', () => {
  test('of a plain Service', () => {
    expect(read('media/jellyfin', { labels: { app: 'jellyfin' } })).toEqual({
      key: 'media/jellyfin',
      namespace: 'media',
      name: 'jellyfin',
      labels: { app: 'jellyfin' },
      families: ['IPv4'],
      ipFamilyPolicy: undefined,
      wanted: [],
      pool: undefined,
      sharingKey: undefined,
      backendKey: '',
      ports: [{ protocol: 'TCP', port: 80 }],
    });
  });

  test.each<[string, Record<string, string>, object]>([
    ['the pool', { 'metallb.io/address-pool': 'home' }, { pool: 'home' }],
    ['the sharing key', { 'metallb.io/allow-shared-ip': 'k' }, { sharingKey: 'k' }],
    ['the deprecated prefix', { 'metallb.universe.tf/address-pool': 'home', 'metallb.universe.tf/allow-shared-ip': 'k' }, { pool: 'home', sharingKey: 'k' }],
    ['the stable prefix before the deprecated', { 'metallb.io/address-pool': 'a', 'metallb.universe.tf/address-pool': 'b' }, { pool: 'a' }],
    ['an empty stable annotation, which wins', { 'metallb.io/address-pool': '', 'metallb.universe.tf/address-pool': 'b' }, { pool: undefined }],
  ])('reads %s', (_, annotations, expected) => {
    expect(read('a/b', { annotations })).toMatchObject(expected);
  });

  test.each<[string, string[]]>([
    ['93.5.22.100', ['93.5.22.100']], [' 1000::1 , 1.2.3.1 ', ['1000::1', '1.2.3.1']], ['', []],
  ])('reads wanted addresses %j', (text, expected) => {
    expect(read('a/b', { annotations: { 'metallb.io/loadBalancerIPs': text } }).wanted.map(String)).toEqual(expected);
  });

  test('reads spec.loadBalancerIP', () => {
    expect(read('a/b', { spec: { clusterIPs: ['10.96.0.1'], loadBalancerIP: '93.5.22.100' } }).wanted.map(String)).toEqual(['93.5.22.100']);
  });

  test.each<[string, object, string[]]>([
    ['clusterIPs, primary first', { clusterIPs: ['fd00::1', '10.96.0.1'] }, ['IPv6', 'IPv4']],
    ['clusterIP when there is no list', { clusterIPs: undefined, clusterIP: 'fd00::1' }, ['IPv6']],
    ['the cluster IPs, whatever ipFamilies wishes', { clusterIPs: ['10.96.0.1'], ipFamilies: ['IPv6'] }, ['IPv4']],
  ])('has the families of %s', (_, spec, families) => {
    expect(read('a/b', { spec }).families).toEqual(families);
  });

  test.each<[string, object, string]>([
    ['Cluster', { externalTrafficPolicy: 'Cluster', selector: { app: 'x' } }, ''],
    ['Local: the selector, sorted', { externalTrafficPolicy: 'Local', selector: { b: '2', a: '1' } }, 'Local:a=1,b=2'],
    ['Local without a selector: not that of Cluster', { externalTrafficPolicy: 'Local' }, 'Local:'],
  ])('has the backend key of traffic policy %s', (_, spec, backendKey) => {
    expect(read('a/b', { spec: { clusterIPs: ['10.96.0.1'], ...spec } }).backendKey).toBe(backendKey);
  });

  test('has ports with their protocol, TCP where none is said', () => {
    expect(read('a/b', { spec: { clusterIPs: ['10.96.0.1'], ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] } }).ports)
      .toEqual([{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }]);
  });
});

describe('a request is refused', () => {
  test.each<[string, object, object, string, string]>([
    ['no cluster IP', {}, { clusterIPs: [] }, 'NoClusterIP', 'service has no cluster IP'],
    ['a headless Service', {}, { clusterIPs: ['None'], clusterIP: 'None' }, 'NoClusterIP', 'service has no cluster IP'],
    ['two of one family', {}, { clusterIPs: ['10.0.0.1', '10.0.0.2'] }, 'UnknownClusterFamily', '["10.0.0.1" "10.0.0.2"]'],
    ['garbage', {}, { clusterIPs: ['x'] }, 'UnknownClusterFamily', '["x"]'],
    ['no address', { 'metallb.io/loadBalancerIPs': '93.5.22' }, {}, 'InvalidWantedIP', 'invalid requested loadBalancer IP "93.5.22" in annotation metallb.io/loadBalancerIPs'],
    ['an empty entry', { 'metallb.io/loadBalancerIPs': '10.0.0.1,,' }, {}, 'InvalidWantedIP', 'invalid requested loadBalancer IP ""'],
    ['a bad loadBalancerIP', {}, { loadBalancerIP: 'x' }, 'InvalidWantedIP', 'invalid requested loadBalancer IP "x" in spec.loadBalancerIP'],
    ['both wishes', { 'metallb.io/loadBalancerIPs': '10.0.0.1' }, { loadBalancerIP: '10.0.0.1' }, 'ConflictingWishes',
      'service can not have both metallb.io/loadBalancerIPs and spec.loadBalancerIP'],
  ])('for %s', (_, annotations, spec, code, message) => {
    const result = serviceRequest(service('a/b', { annotations: annotations as Record<string, string>, spec: { clusterIPs: ['10.96.0.1'], ...spec } }));
    expect(result).toMatchObject({ ok: false, reason: { code, message: expect.stringContaining(message), fix: expect.stringMatching(/./) } });
  });

  test('but never throws, whatever annotations and fields hold', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('10.0.0.1', '::1', ',', ' ', '10.0.0.1,::1'));
    const annotations = fc.dictionary(fc.constantFrom('metallb.io/loadBalancerIPs', 'metallb.universe.tf/address-pool', 'metallb.io/allow-shared-ip', '__proto__'), text);
    fc.assert(fc.property(annotations, fc.array(text), text, text, (chosen, clusterIPs, clusterIP, loadBalancerIP) => {
      const result = serviceRequest(service('a/b', { annotations: chosen, spec: { clusterIPs, clusterIP, loadBalancerIP } }));
      if (result.ok) expect(result.request.families.length).toBeGreaterThan(0);
      else expect(result.reason.fix).not.toBe('');
    }));
  });
});
