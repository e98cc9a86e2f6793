import type { Decision } from '../../src/announcement';
import { IpAddress } from '../../src/ip';
import { SpeakerMetrics } from '../../src/observability';
import { Announcing } from '../../src/speaker/announcing';

function bench() {
  const told: string[] = [];
  const metrics = new SpeakerMetrics();
  const line = (_: object, message: string) => { told.push(`log ${message}`); };
  const log = { debug: line, info: line, warn: line, error: line };
  const subject = new Announcing({
    node: 'n1',
    log,
    metrics,
    recorder: { record: (object, type, reason, message) => { told.push(`event ${object.metadata.name} ${type} ${reason} ${message}`); } },
    objectOf: (service) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: service } }),
    statuses: {
      announce: (service, interfaces, complete) => { told.push(`status ${service} [${interfaces.join()}]${complete ? '' : ' in part'}`); },
      withdraw: (service) => { told.push(`no status ${service}`); },
    },
    conflicts: {
      begin: (service, { address }) => { told.push(`conflict ${service} ${address}`); },
      end: (service, address) => { told.push(`no conflict ${service} ${address}`); },
      forget: () => undefined,
    },
  });
  const acquired = (address: string) => subject.heard({ code: 'addressAcquired', address, interfaces: ['eth0'], reason: 'firstCandidate' });
  const lost = (address: string) => subject.heard({ code: 'addressLost', address, reason: 'outranked' });
  const gauge = async () => (await metrics.text()).split('\n').filter((text) => text.startsWith('metallb_speaker_announced{'));
  return { subject, acquired, lost, gauge, said: () => told.splice(0) };
}

function announce(addresses: string[], interfaces?: string[]): Decision {
  return { announced: true, pool: 'home', addresses: addresses.map((text) => IpAddress.parse(text)), candidates: ['n1'], ...(interfaces && { interfaces }) };
}

const ANNOUNCED = [
  'status home/web []',
  'log service has IP, announcing',
  'event home/web Normal nodeAssigned announcing from node "n1" with protocol "layer2"',
];

test('nothing is told before the data plane answers for the address', () => {
  const { subject, acquired, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100']));
  expect(said()).toEqual([]);
  acquired('93.5.22.100');
  expect(said()).toEqual(ANNOUNCED);
});

test('the order in which plan and data plane change does not matter', () => {
  const { subject, acquired, said } = bench();
  acquired('93.5.22.100');
  subject.decided('home/web', announce(['93.5.22.100']));
  expect(said()).toEqual(ANNOUNCED);
});

test('an announcement that goes on unchanged is not told again', () => {
  const { subject, acquired, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100']));
  acquired('93.5.22.100');
  said();
  subject.decided('home/web', announce(['93.5.22.100']));
  expect(said()).toEqual(['status home/web []']);
});

test('each Service on a shared address is told', async () => {
  const { subject, acquired, gauge, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100']));
  subject.decided('home/game', announce(['93.5.22.100'], ['eth0']));
  acquired('93.5.22.100');
  expect(said().filter((text) => text.startsWith('status'))).toEqual(['status home/web []', 'status home/game [eth0]']);
  expect(await gauge()).toEqual([
    'metallb_speaker_announced{service="home/web",protocol="layer2",node="n1",ip="93.5.22.100"} 1',
    'metallb_speaker_announced{service="home/game",protocol="layer2",node="n1",ip="93.5.22.100"} 1',
  ]);
});

test('of a Service with two addresses it is said whether this node answers for both', () => {
  const { subject, acquired, lost, said } = bench();
  const statuses = () => said().filter((text) => text.includes('status'));
  subject.decided('home/web', announce(['93.5.22.100', 'fd93:5:22::100']));
  acquired('93.5.22.100');
  expect(statuses()).toEqual(['status home/web [] in part']);
  acquired('fd93:5:22::100');
  expect(statuses()).toEqual(['status home/web []']);
  lost('93.5.22.100');
  expect(statuses()).toEqual(['status home/web [] in part']);
});

test('of two Services on one address, one that goes takes with it what was said of it, and nothing of the other', async () => {
  const { subject, acquired, gauge, said } = bench();
  for (const name of ['home/web', 'home/game']) subject.decided(name, announce(['93.5.22.100']));
  acquired('93.5.22.100');
  said();
  subject.decided('home/game', undefined);
  expect(said()).toEqual(['log withdrawing service announcement: the Service is gone', 'no status home/game']);
  expect(await gauge()).toEqual(['metallb_speaker_announced{service="home/web",protocol="layer2",node="n1",ip="93.5.22.100"} 1']);
});

test('a Service that gets another address is told anew, and why the former one goes', async () => {
  const { subject, acquired, lost, gauge, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100']));
  acquired('93.5.22.100');
  said();
  subject.decided('home/web', announce(['93.5.22.101']));
  expect(said()).toEqual(['log withdrawing service announcement: 93.5.22.100 is no longer its address', 'no status home/web']);
  lost('93.5.22.100');
  acquired('93.5.22.101');
  expect(said()).toEqual(ANNOUNCED);
  expect(await gauge()).toEqual(['metallb_speaker_announced{service="home/web",protocol="layer2",node="n1",ip="93.5.22.101"} 1']);
});

test('interfaces that change while the address is announced are shown, and nothing is told again', () => {
  const { subject, acquired, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100'], ['eth0', 'eth1']));
  acquired('93.5.22.100');
  said();
  subject.heard({ code: 'interfacesChanged', address: '93.5.22.100', interfaces: ['eth0', 'eth1'] });
  expect(said()).toEqual(['status home/web [eth0,eth1]']);
});

test('a lost address takes status and metric with it', async () => {
  const { subject, acquired, lost, gauge, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100']));
  acquired('93.5.22.100');
  said();
  lost('93.5.22.100');
  expect(said()).toEqual(['no status home/web']);
  expect(await gauge()).toEqual([]);
});

test.each<[string, Decision | undefined, string]>([
  ['gone', undefined, 'log withdrawing service announcement: the Service is gone'],
  ['not to be announced', { announced: false, reason: 'notOwner', cause: 'noServingEndpoint', message: 'none of 0 endpoints can serve', fix: '' },
    'log withdrawing service announcement: none of 0 endpoints can serve'],
])('a Service that is %s is withdrawn, with the reason', (_, decision, line) => {
  const { subject, acquired, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100']));
  acquired('93.5.22.100');
  said();
  subject.decided('home/web', decision);
  expect(said()).toEqual([line, 'no status home/web']);
});

test('interfaces that the node does not have are a warning about each Service that has the address', () => {
  const { subject, said } = bench();
  subject.decided('home/web', announce(['93.5.22.100'], ['eth9']));
  subject.decided('home/other', announce(['93.5.22.101']));
  subject.heard({ code: 'interfacesMissing', address: '93.5.22.100', wanted: ['eth9'], present: ['eth0', 'wlan0'] });
  expect(said()).toEqual([
    'event home/web Warning announceFailed node "n1" has none of the interfaces eth9 on which 93.5.22.100 is to be announced; '
    + 'it has eth0, wlan0, not counting those that --exclude-interfaces names: correct interfaces of the L2Advertisement, or leave them out for all',
  ]);
});
