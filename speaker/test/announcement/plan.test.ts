import { Decision, mergePlan } from '../../src/announcement';
import { IpAddress } from '../../src/ip';

function announced(addresses: string[], candidates: string[], interfaces?: string[]): Decision {
  return { announced: true, pool: 'home', addresses: addresses.map((text) => IpAddress.parse(text)), candidates, ...(interfaces && { interfaces }) };
}

function plan(decisions: Record<string, Decision>) {
  return mergePlan(new Map(Object.entries(decisions)));
}

describe('the plan', () => {
  test('has one entry an address, for both families', () => {
    expect(plan({ 'a/web': announced(['93.5.22.100', 'fd00::1'], ['n1', 'n2']) })).toEqual([
      { address: '93.5.22.100', candidates: ['n1', 'n2'] },
      { address: 'fd00::1', candidates: ['n1', 'n2'] },
    ]);
  });

  test('leaves out what is not announced', () => {
    expect(plan({ 'a/web': { announced: false, reason: 'notOwner', cause: 'noServingEndpoint', message: '', fix: '' } })).toEqual([]);
  });

  test('gives Services that share an address one entry, with the interfaces of both', () => {
    expect(plan({ 'a/web': announced(['93.5.22.100'], ['n1', 'n2'], ['eth1']), 'b/game': announced(['93.5.22.100'], ['n1', 'n2'], ['eth0']) }))
      .toEqual([{ address: '93.5.22.100', candidates: ['n1', 'n2'], interfaces: ['eth0', 'eth1'] }]);
  });

  test('announces a shared address everywhere when one Service wants that, in either order', () => {
    const everywhere = announced(['93.5.22.100'], ['n1']), there = announced(['93.5.22.100'], ['n1'], ['eth0']);
    expect(plan({ 'a/web': everywhere, 'b/game': there })).toEqual([{ address: '93.5.22.100', candidates: ['n1'] }]);
    expect(plan({ 'a/web': there, 'b/game': everywhere })).toEqual([{ address: '93.5.22.100', candidates: ['n1'] }]);
  });

  test('puts the node first that serves most of the Services on an address', () => {
    expect(plan({
      'a/one': announced(['93.5.22.100'], ['n1', 'n2']), 'b/two': announced(['93.5.22.100'], ['n3', 'n2']), 'c/three': announced(['93.5.22.100'], ['n2', 'n3']),
    })).toEqual([{ address: '93.5.22.100', candidates: ['n2', 'n3', 'n1'] }]);
  });

  test('does not depend on the order in which the Services became known', () => {
    const one = announced(['93.5.22.100'], ['n1', 'n2']), two = announced(['93.5.22.100'], ['n2', 'n3']);
    expect(plan({ 'a/one': one, 'b/two': two })).toEqual(plan({ 'b/two': two, 'a/one': one }));
  });
});
