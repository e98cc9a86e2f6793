import type { LanEvent } from '../../src/lan';
import { recordPeerEvent } from '../../src/speaker/peer-events';

test.each<[string, LanEvent, RegExp | undefined]>([
  ['a peer with another key', { code: 'heartbeatRejected', from: '93.5.22.45', reason: 'unknownKey', node: 'n2' }, /^n2 Warning heartbeatKeyDiffers .* on n1 hears heartbeats from 93.5.22.45 /],
  ['a stranger with another key', { code: 'heartbeatRejected', from: '93.5.22.99', reason: 'unknownKey' }, undefined],
  ['a forged heartbeat', { code: 'heartbeatRejected', from: '93.5.22.45', reason: 'unauthenticated' }, undefined],
  ['a name used twice, heard by a third node', { code: 'duplicateNode', node: 'n2', from: '93.5.22.46', refused: false }, /^n2 Warning duplicateNodeName .* noticed from 93.5.22.46/],
  ['a name used twice, on one of the two', { code: 'duplicateNode', node: 'n1', from: '93.5.22.45', refused: true }, /^n1 Warning duplicateNodeName .* noticed by 93.5.22.45/],
  ['a kernel that answers', { code: 'kernelAnswers', address: '93.5.22.100', node: 'n2', mac: '02:00:5d:05:16:2d', interface: 'eth0' },
    /^n2 Warning kernelAnswers noticed by n1, which announces 93.5.22.100: the kernel of n2 .02:00:5d:05:16:2d on eth0. answers for 93.5.22.100 too/],
  ['a node that is gone', { code: 'duplicateNode', node: 'n9', from: '93.5.22.46', refused: false }, undefined],
  ['a peer that is down', { code: 'peerDown', node: 'n2', reason: 'timeout' }, undefined],
])('%s', (_, event, expected) => {
  const told: string[] = [];
  recordPeerEvent(
    { record: (object, type, reason, message) => { told.push(`${object.metadata.name} ${type} ${reason} ${message}`); } },
    (name) => (name === 'n9' ? undefined : { apiVersion: 'v1', kind: 'Node', metadata: { name } }),
    'n1',
    event,
  );
  expect(told).toEqual(expected ? [expect.stringMatching(expected)] : []);
});
