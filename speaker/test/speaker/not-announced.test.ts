import type { Decision, WithdrawalCause } from '../../src/announcement';
import { IpAddress } from '../../src/ip';
import { SpeakerMetrics } from '../../src/observability';
import { NotAnnounced } from '../../src/speaker/not-announced';

const ANNOUNCED: Decision = { announced: true, pool: 'home', addresses: [IpAddress.parse('93.5.22.100')], candidates: ['n1'] };

const not = (cause: WithdrawalCause, message = 'the only node may not announce'): Decision => ({ announced: false, reason: 'notOwner', cause, message, fix: 'change it' });

const TOLD = [
  'log nobody announces home/web: the only node may not announce',
  'event home/web Warning notAnnounced nodesExcluded: the only node may not announce; change it',
];

function bench(spokesman = true) {
  const told: string[] = [];
  const metrics = new SpeakerMetrics();
  const line = (_: object, message: string) => { told.push(`log ${message}`); };
  const subject = new NotAnnounced({
    log: { debug: line, info: line, warn: line, error: line },
    metrics,
    recorder: { record: (object, type, reason, message) => { told.push(`event ${object.metadata.name} ${type} ${reason} ${message}`); } },
    objectOf: (service) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: service } }),
    isSpokesman: () => spokesman,
  });
  const decide = (...decisions: (Decision | undefined)[]) => decisions.forEach((decision) => subject.decided('home/web', decision));
  const pass = (ms: number) => {
    jest.advanceTimersByTime(ms);
    return told.splice(0);
  };
  const gauge = async () => (await metrics.text()).split('\n').filter((text) => text.startsWith('hlb_services_not_announced{') && !text.endsWith(' 0'));
  return { subject, decide, pass, gauge };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a Service that nobody announces is told of after five seconds, once', () => {
  const { decide, pass } = bench();
  decide(not('nodesExcluded'));
  expect(pass(4999)).toEqual([]);
  expect(pass(1)).toEqual(TOLD);
  decide(not('nodesExcluded'));
  expect(pass(60_000)).toEqual([]);
});

test.each<[string, (Decision | undefined)[]]>([
  ['is announced', [not('noServingEndpoint'), ANNOUNCED]],
  ['is deleted', [not('noServingEndpoint'), undefined]],
  ['never was a LoadBalancer', [not('notLoadBalancer')]],
  ['waits for an address, which the controller tells', [not('noIPAllocated')]],
])('nothing is told of a Service that meanwhile %s', (_, decisions) => {
  const { decide, pass } = bench();
  decide(...decisions);
  expect(pass(60_000)).toEqual([]);
});

test('another cause, and the same one after it was announced again, are told anew', () => {
  const { decide, pass } = bench();
  decide(not('nodesExcluded'));
  expect(pass(5000)).toEqual(TOLD);
  decide(not('noLocalEndpoint', 'no endpoint here'));
  expect(pass(5000)).toContain('event home/web Warning notAnnounced noLocalEndpoint: no endpoint here; change it');
  decide(not('nodesExcluded'));
  expect(pass(5000)).toEqual(TOLD);
  decide(ANNOUNCED, not('nodesExcluded'));
  expect(pass(5000)).toEqual(TOLD);
});

test('of all speakers one writes the event; the others have it in their logs', () => {
  const { decide, pass } = bench(false);
  decide(not('nodesExcluded'));
  expect(pass(5000)).toEqual(TOLD.slice(0, 1));
});

test('Services are counted by cause, at once', async () => {
  jest.useRealTimers();
  const { subject, gauge } = bench();
  subject.decided('home/web', not('nodesExcluded'));
  subject.decided('home/game', not('nodesExcluded'));
  subject.decided('home/film', not('noLocalEndpoint'));
  subject.decided('home/dns', not('notLoadBalancer'));
  subject.decided('home/game', ANNOUNCED);
  expect(await gauge()).toEqual([
    'hlb_services_not_announced{reason="notOwner",cause="nodesExcluded"} 1',
    'hlb_services_not_announced{reason="notOwner",cause="noLocalEndpoint"} 1',
  ]);
  subject.decided('home/web', undefined);
  subject.decided('home/film', undefined);
  expect(await gauge()).toEqual([]);
  subject.stop();
});

test('nothing is told after the end', () => {
  const { subject, decide, pass } = bench();
  decide(not('nodesExcluded'));
  subject.stop();
  expect(pass(60_000)).toEqual([]);
});
