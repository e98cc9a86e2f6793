import * as fc from 'fast-check';
import { electionOrder } from '../../src/announcement';

describe('the order of MetalLB', () => {
  test.each([
    ['10.0.0.1', ['node-b', 'node-a', 'node-c']],
    ['10.0.0.2', ['node-b', 'node-c', 'node-a']],
    ['10.20.30.1', ['edge-b', 'worker-a', 'edge-a', 'worker-b']],
    ['10.20.30.1', ['node-b', 'node-a']],
    ['10.20.30.1', ['iris2', 'iris1']],
    ['10.20.30.2', ['iris1', 'iris2']],
    ['fc00:f853:ccd:e799::1', ['node-b', 'node-a', 'node-c']],
    ['192.168.1.240', ['node-3', 'node-2', 'node-1']],
  ])('%s goes to %j', (address, order) => {
    expect(electionOrder(address, [...order].sort())).toEqual(order);
  });

  test('a preferred node comes first, the rest stay in order', () => {
    expect(electionOrder('10.20.30.1', ['edge-a', 'edge-b', 'worker-a', 'worker-b'], (node) => (node === 'edge-a' ? 100 : 0)))
      .toEqual(['edge-a', 'edge-b', 'worker-a', 'worker-b']);
  });

  test('does not depend on the order in which the nodes are known', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 20 }), (nodes) => {
      expect(electionOrder('93.5.22.100', [...nodes].reverse())).toEqual(electionOrder('93.5.22.100', nodes));
    }));
  });

  test('a node that leaves changes nothing for the others', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 20 }), (nodes) => {
      const before = electionOrder('93.5.22.100', nodes);
      expect(electionOrder('93.5.22.100', nodes.filter((node) => node !== nodes[0]))).toEqual(before.filter((node) => node !== nodes[0]));
    }));
  });
});
