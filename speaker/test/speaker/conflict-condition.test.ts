/** What a Service shows while a foreign host uses its address. */
import type { Condition, KubeObject } from '../../src/kube';
import { ADDRESS_CONFLICT, conflictTexts } from '../../src/role';
import { ConflictConditions } from '../../src/speaker/conflict-condition';

const event = { code: 'addressConflict', address: '93.5.22.100', mac: 'b8:27:eb:01:02:03', interface: 'eth0', held: true, defended: true } as const;
const OTHER = { ...event, address: '93.5.22.101', mac: '02:00:00:00:00:66', held: false } as const;
const TEXT = '93.5.22.100 is answered for nevertheless: the host b8:27:eb:01:02:03 (vendor prefix b8:27:eb, a Raspberry Pi) on eth0 of n1 uses it; '
  + 'give that host another address, or take this one out of the pool';

function bench(options: { shown?: Partial<Condition>; failures?: Error[] } = {}) {
  const writes: { where: object; condition: Condition }[] = [], events: string[] = [];
  let shown = options.shown as Condition | undefined;
  const subject = new ConflictConditions({
    node: 'n1',
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    recorder: { record: (object, type, reason, message) => { events.push(`${object.metadata.name} ${type} ${reason} ${message}`); } },
    objectOf: (service) => (service === 'home/gone' ? undefined : { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'home', name: 'web' } }),
    shownOf: () => shown,
    time: () => new Date('2026-05-04T03:02:01.999Z'),
    client: {
      apply: async <T extends KubeObject>(_: object, body: KubeObject, where: object) => {
        const failure = options.failures?.shift();
        if (failure) throw failure;
        const { status } = body as KubeObject & { status: { conditions: [Condition] } };
        shown = status.conditions[0];
        writes.push({ where, condition: shown });
        return body as T;
      },
    },
  });
  const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  return { subject, events, settled, written: () => writes.splice(0) };
}

test('the condition names host, vendor prefix, interface and node, and what to do; an event says the same', async () => {
  const { subject, events, settled, written } = bench();
  subject.begin('home/web', event);
  await settled();
  expect(written()).toEqual([{
    where: { fieldManager: 'home-load-balancer-speaker', force: true, namespace: 'home', subresource: 'status' },
    condition: { type: ADDRESS_CONFLICT, status: 'True', reason: 'UsedByForeignHostToo', message: TEXT, lastTransitionTime: '2026-05-04T03:02:01Z' },
  }]);
  expect(events).toEqual([`web Warning AddressConflict ${TEXT}`]);
});

test('what is shown already is not written again', async () => {
  const { subject, settled, written } = bench({ shown: { status: 'True', message: TEXT } });
  subject.begin('home/web', event);
  await settled();
  expect(written()).toEqual([]);
});

test('two addresses in conflict are told together, and the time of the change stays', async () => {
  const { subject, settled, written } = bench({ shown: { status: 'True', message: TEXT, lastTransitionTime: '2026-01-01T00:00:00Z' } });
  subject.begin('home/web', event);
  subject.begin('home/web', OTHER);
  await settled();
  const [{ condition }] = written();
  expect(condition).toMatchObject({ status: 'True', reason: 'UsedByForeignHost', lastTransitionTime: '2026-01-01T00:00:00Z' });
  expect([...conflictTexts(condition.message!).keys()]).toEqual(['93.5.22.100', '93.5.22.101']);
  subject.end('home/web', '93.5.22.101');
  await settled();
  expect(written()).toMatchObject([{ condition: { status: 'True', message: TEXT } }]);
});

test('the condition ends with the conflict, also one that another node began', async () => {
  const { subject, events, settled, written } = bench({ shown: { status: 'True', message: TEXT, lastTransitionTime: '2026-01-01T00:00:00Z' } });
  subject.end('home/web', '93.5.22.100');
  await settled();
  expect(written()).toMatchObject([{ condition: { status: 'False', reason: 'NoForeignHost', lastTransitionTime: '2026-05-04T03:02:01Z' } }]);
  expect(events).toEqual(['web Normal AddressConflictEnded no foreign host uses an address of this Service']);
});

test('a Service that never had a conflict, or is gone, is not written to', async () => {
  const { subject, settled, written } = bench();
  subject.end('home/web', '93.5.22.100');
  subject.begin('home/gone', event);
  await settled();
  expect(written()).toEqual([]);
});

test('a write that fails is tried again', async () => {
  const { subject, written } = bench({ failures: [new Error('the API server is away')] });
  subject.begin('home/web', event);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(written()).toHaveLength(1);
  await subject.stop();
});
