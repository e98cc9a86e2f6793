import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { Advertisement, AddressPool, AddressSharing, BfdProfile, HomeLoadBalancer, IpRange, PoolSharing, Selector } from '../src';
import { application, balancer } from './util';
import { matches, meet } from '../src/_selectors';

const expression = (operator: string, ...values: string[]) => ({ matchExpressions: [{ key: 'zone', operator, values }] });

test.each([
  ['In, one of the values', expression('In', 'attic', 'cellar'), { zone: 'attic' }, true],
  ['In, another value', expression('In', 'cellar'), { zone: 'attic' }, false],
  ['In, without the label', expression('In', 'attic'), {}, false],
  ['NotIn, another value', expression('NotIn', 'cellar'), { zone: 'attic' }, true],
  ['NotIn, one of the values', expression('NotIn', 'attic'), { zone: 'attic' }, false],
  ['NotIn, without the label', expression('NotIn', 'attic'), {}, true],
  ['Exists', expression('Exists'), { zone: '' }, true],
  ['Exists, without the label', expression('Exists'), {}, false],
  ['Exists, of what every object has', { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}, false],
  ['DoesNotExist', expression('DoesNotExist'), { zone: 'attic' }, false],
  ['DoesNotExist, without the label', expression('DoesNotExist'), {}, true],
  ['both of two lines', { matchLabels: { a: 'b' }, ...expression('Exists') }, { a: 'b' }, false],
  ['nothing', {}, {}, true],
])('%s', (_, selector, labels, expected) => {
  expect(matches(selector, labels as Record<string, string>)).toBe(expected);
});

const [attic, cellar] = ['attic', 'cellar'].map((zone) => ({ matchLabels: { zone } }));
const nodes = [{ labels: { zone: 'attic', rack: '1' } }, { labels: { zone: 'cellar', rack: '2' } }];

test.each([
  ['everything and everything', [], [], undefined, true],
  ['everything and something', [], [attic], undefined, true],
  ['something and everything', [attic], [], undefined, true],
  ['the same', [cellar, attic], [attic], undefined, true],
  ['different ones, which some node may match both', [attic], [{ matchLabels: { rack: '1' } }], undefined, false],
  ['different ones, which a node matches both', [attic], [{ matchLabels: { rack: '1' } }], nodes, true],
  ['different ones, which no node matches both', [attic], [{ matchLabels: { rack: '2' } }], nodes, false],
  ['the same, which no node matches', [{ matchLabels: { zone: 'garden' } }], [{ matchLabels: { zone: 'garden' } }], nodes, false],
])('whether two lists certainly choose a node in common: %s', (_, a, b, known, expected) => {
  expect(meet(a, b, known)).toBe(expected);
});

describe('at synthesis', () => {
  let chart: Chart;
  let lb: HomeLoadBalancer;
  beforeEach(() => {
    chart = Testing.chart();
    lb = balancer(chart);
  });
  const problems = () => {
    try {
      Testing.synth(chart);
    } catch (error) {
      return (error as Error).message.split('\n').slice(1).map((line) => line.trim());
    }
    return [];
  };

  test('an advertisement is about the pools that it names and about those that it chooses', () => {
    lb.addBgpPeer('router', { address: '192.0.2.1', asn: 1, localAsn: 2 });
    const pool = (id: string, block: string, labels?: { [key: string]: string }) =>
      lb.addPool(id, { poolName: id, labels, ranges: [IpRange.cidr(block)], advertise: [] });
    const named = pool('named', '10.1.0.0/28');
    pool('chosen', '10.2.0.0/28', { tier: 'public' });
    pool('other', '10.3.0.0/28');
    lb.addAdvertisement('both', Advertisement.bgp({ aggregationLength: 24 }), { pools: [named], poolSelectors: [Selector.labels({ tier: 'public' })] });
    expect(problems()).toEqual([expect.stringMatching(/of pool named:/), expect.stringMatching(/of pool chosen:/)]);
  });

  test('a contradiction of two advertisements is said once, however many pools they are about', () => {
    lb.addBgpPeer('router', { address: '192.0.2.1', asn: 1, localAsn: 2 });
    ['10.1.0.0/28', '10.2.0.0/28'].forEach((block, i) => lb.addPool(`pool${i}`, { ranges: [IpRange.cidr(block)], advertise: [] }));
    lb.addAdvertisement('a', Advertisement.bgp({ localPref: 1 }));
    lb.addAdvertisement('b', Advertisement.bgp({ localPref: 2 }));
    expect(problems()).toEqual([expect.stringMatching(/localPref 2 contradicts localPref 1/)]);
  });

  test('one that chooses by Service is not for Services that share without a key', () => {
    const labels = { public: 'yes' };
    const selective = [Advertisement.l2({ serviceSelectors: [Selector.labels(labels)] })];
    lb.addPool('lan', { ranges: [IpRange.cidr('10.0.0.0/24')], sharing: PoolSharing.AUTOMATIC, advertise: selective });
    lb.bind(new ApiObject(chart, 'web', { apiVersion: 'v1', kind: 'Service', metadata: { labels }, spec: { ports: [{ port: 80 }] } }), { sharing: AddressSharing.NEVER });
    expect(problems()).toEqual([expect.stringMatching(/would not be announced: it may share its address/)]);
  });

  test('a Service that cannot be served has one problem, not several', () => {
    lb.addPool('lan', { ranges: [IpRange.cidr('10.0.0.0/24')] });
    lb.expose(application(chart, 'web', 80), { addresses: ['10.9.9.9'] });
    expect(problems()).toEqual([expect.stringMatching(/asks for 10.9.9.9, which is in no pool/)]);
  });

  test('pools of an app without a load balancer are not all that there are', () => {
    chart = Testing.chart();
    new AddressPool(chart, 'lan', { ranges: [IpRange.cidr('10.0.0.0/24')], namespace: 'metallb-system' });
    new ApiObject(chart, 'l2', {
      apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { name: 'l2', namespace: 'metallb-system' }, spec: { ipAddressPoolSelectors: [{ matchLabels: { tier: 'public' } }] },
    });
    expect(problems()).toEqual([]);
  });

  test('a profile is judged without a load balancer, too', () => {
    chart = Testing.chart();
    const profile = new BfdProfile(chart, 'fast');
    ApiObject.of(profile).addJsonPatch(JsonPatch.add('/spec/minimumTtl', 0));
    expect(problems()).toEqual([expect.stringMatching(/^\[test\/fast\] BFDProfile .*: minimumTtl 0 is not valid/)]);
  });

  test('an object that cannot be rendered is reported before anything is written', () => {
    lb.addPool('lan', { ranges: [IpRange.cidr('10.0.0.0/24')] });
    new ApiObject(chart, 'pool', { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { namespace: lb.namespace }, spec: { addresses: new Map() } });
    expect(() => Testing.synth(chart)).toThrow(/can't render non-simple object of type 'Map'/);
  });
});
