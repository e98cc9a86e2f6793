import { ApiObject, Chart, Testing } from 'cdk8s';
import { REFUSED } from './crds.examples';
import { RIGHT_ANNOTATIONS, WRONG_ANNOTATIONS } from './manifests.annotation-cases';
import { RIGHT_BGP, WRONG_BGP } from './manifests.bgp-cases';
import { Case, Manifest, namespace, RIGHT, WRONG } from './manifests.cases';
import { balancer } from './util';
import { parseConfig } from '../speaker/src/config';

/** What the program says about objects, as the API server would hand them out. */
function parsed(objects: Manifest[]): string[] {
  const ofKind = (kind: string) => JSON.parse(JSON.stringify(objects.filter((each) => each.kind === kind)));
  const { problems } = parseConfig({
    ipAddressPools: ofKind('IPAddressPool'),
    l2Advertisements: ofKind('L2Advertisement'),
    bgpPeers: ofKind('BGPPeer'),
    bfdProfiles: ofKind('BFDProfile'),
    bgpAdvertisements: ofKind('BGPAdvertisement'),
    communities: ofKind('Community'),
    secrets: ofKind('Secret'),
    namespaces: [],
  });
  return problems.map(({ message }) => message);
}

function synthesized(objects: Manifest[]): Chart {
  const chart = Testing.chart();
  balancer(chart, { namespace });
  objects.forEach((object, i) => new ApiObject(chart, `object${i}`, object as any));
  return chart;
}

describe('what the program takes, synthesis takes', () => {
  test.each([...RIGHT, ...RIGHT_ANNOTATIONS, ...RIGHT_BGP])('$why', ({ objects }) => {
    expect(parsed(objects)).toEqual([]);
    expect(Testing.synth(synthesized(objects)).length).toBeGreaterThan(objects.length);
  });
});

describe('what the program refuses, synthesis refuses', () => {
  test.each<Case>([...WRONG, ...WRONG_ANNOTATIONS, ...WRONG_BGP])('$why', ({ objects, says }) => {
    expect(parsed(objects)).not.toEqual([]);
    const chart = synthesized(objects);
    expect(() => Testing.synth(chart)).toThrow(says);
    // Reported by the load balancer that would read it, for it was made by no construct of ours.
    expect(() => Testing.synth(chart)).toThrow(/\[test\/lb\] /);
  });
});

describe('what the definitions refuse, synthesis refuses', () => {
  test.each(REFUSED)('$why', ({ object, field }) => {
    const chart = synthesized([
      { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'lan', namespace }, spec: { addresses: ['10.77.0.0/24'] } },
      { apiVersion: 'metallb.io/v1beta2', kind: 'BGPPeer', metadata: { name: 'router', namespace }, spec: { myASN: 1, peerASN: 2, peerAddress: '192.0.2.99' } },
    ]);
    expect(Testing.synth(chart)).not.toEqual([]);
    new ApiObject(chart, 'refused', { ...object, metadata: { ...object.metadata, namespace } });
    const [, property = ''] = /([A-Za-z0-9]+)(\[\d+\])?$/.exec(field.replace(/^spec\.?/, '')) ?? [];
    // The property is named, but for the value of an alias: what it should have been says more.
    const named = property === 'value' ? 'is not a BGP community' : property;
    expect(() => Testing.synth(chart)).toThrow(new RegExp(`\\[test/lb\\] ${object.kind} .*${named}`));
  });
});

test('everything that is wrong is said at once, and the same at every synthesis', () => {
  const objects = [WRONG[0], ...WRONG.filter(({ why }) => /backwards|weight 0/.test(why))].flatMap((each) => each.objects)
    .map((object, i) => ({ ...object, metadata: { ...object.metadata, name: `${object.metadata.name}${i}` } }));
  const chart = synthesized(objects);
  const message = () => {
    try {
      Testing.synth(chart);
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  };
  expect(message().split('\n').filter((line) => line.includes('[test/lb]'))).toHaveLength(3);
  expect(message()).toBe(message());
});
