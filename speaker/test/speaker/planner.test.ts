import { AnnouncedService } from '../../src/announcement';
import { parseConfig } from '../../src/config';
import { Planner } from '../../src/speaker/planner';

const NODES = ['n1', 'n2', 'n3'].map((name) => ({ name, labels: {}, networkUnavailable: false }));

function config(...addresses: string[]) {
  return parseConfig({
    ipAddressPools: [{ metadata: { name: 'home', namespace: 'metallb-system' }, spec: { addresses } }],
    l2Advertisements: [{ metadata: { name: 'l2', namespace: 'metallb-system' }, spec: {} }],
    namespaces: [],
  }).config;
}

function service(key: string, ip: string): AnnouncedService {
  return { key, type: 'LoadBalancer', labels: {}, ingress: [ip], externalTrafficPolicy: 'Cluster', allowsSharing: false };
}

function planner() {
  const subject = new Planner({ node: 'n1', ignoreExcludeLabel: false });
  subject.setContext(config('93.5.22.100-93.5.22.101'), NODES);
  subject.setService(service('home/web', '93.5.22.100'));
  subject.setSlice('home/web', 'web-1', [{ nodeName: 'n1', ready: true }]);
  return subject;
}

const planned = (subject: Planner) => subject.update()!.addresses.map(({ address }) => address);

test('there is no plan before the configuration is known', () => {
  expect(new Planner({ node: 'n1', ignoreExcludeLabel: false }).update()).toBeUndefined();
});

test('only the Services whose inputs changed are decided anew', () => {
  const subject = planner();
  subject.setService(service('home/game', '93.5.22.101'));
  expect(subject.update()!.changed).toEqual(['home/web', 'home/game']);
  subject.setSlice('home/game', 'game-1', [{ nodeName: 'n2' }]);
  expect(subject.update()!.changed).toEqual(['home/game']);
  expect(subject.update()!.changed).toEqual([]);
});

test('endpoints count from all slices, and go with their slice', () => {
  const subject = planner();
  subject.setSlice('home/web', 'web-2', [{ nodeName: 'n2', ready: false }]);
  expect(planned(subject)).toEqual(['93.5.22.100']);
  subject.setSlice('home/web', 'web-1', undefined);
  expect(planned(subject)).toEqual([]);
  subject.setSlice('home/web', 'web-2', [{ nodeName: 'n2', ready: true }]);
  expect(planned(subject)).toEqual(['93.5.22.100']);
});

test('endpoints may be known before their Service', () => {
  const subject = planner();
  subject.setSlice('home/late', 'late-1', [{ nodeName: 'n1' }]);
  subject.setService(service('home/late', '93.5.22.101'));
  expect(planned(subject).sort()).toEqual(['93.5.22.100', '93.5.22.101']);
});

test('a deleted Service leaves the plan', () => {
  const subject = planner();
  subject.deleteService('home/web');
  expect(planned(subject)).toEqual([]);
});

test('an address outside the new configuration leaves the plan', () => {
  const subject = planner();
  expect(planned(subject)).toEqual(['93.5.22.100']);
  subject.setContext(config('93.5.22.200'), NODES);
  expect(subject.update()).toMatchObject({ addresses: [], changed: ['home/web'] });
});

test('a node that may not announce any more is no candidate', () => {
  const subject = planner();
  expect(subject.update()!.addresses[0].candidates).toHaveLength(3);
  subject.setContext(config('93.5.22.100'), NODES.map((node) => ({ ...node, networkUnavailable: node.name !== 'n2' })));
  expect(subject.update()!.addresses[0].candidates).toEqual(['n2']);
});
