import { readFileSync } from 'fs';
import { join } from 'path';
import { ApiObject, Chart, Testing } from 'cdk8s';
import { electionOrder as programsOrder } from '../speaker/src/announcement';
import { AddressPool, Advertisement, ClusterNode, HomeLoadBalancer, IpRange, Selector } from '../src';
import { application, balancer } from './util';
import { electionOrder } from '../src/_election';

const nodes: ClusterNode[] = [{ name: 'node-a', labels: { cable: 'yes' } }, { name: 'node-b' }, { name: 'node-c' }];

let chart: Chart;
beforeEach(() => {
  chart = Testing.chart();
});

function service(lb: HomeLoadBalancer, name: string, port: number, options: Parameters<HomeLoadBalancer['bind']>[1] = {}): void {
  const object = new ApiObject(chart, name, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { ports: [{ port }] } });
  lb.bind(object, options);
}

/** The cells of the line about a Service. */
const row = (lb: HomeLoadBalancer, name: string) => lb.plan().split('\n').find((line) => line.startsWith(`| default/${name} `))!.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));

test('the order of the nodes is the program\'s', () => {
  for (const address of ['93.5.22.100', '10.0.0.1', 'fd00::1']) {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const score = (name: string) => name === 'd' ? 5 : 0;
    expect(electionOrder(address, names.map((name) => ({ name, score: score(name) })))).toEqual(programsOrder(address, names, score));
  }
});

test('a certain address has an order of nodes, and the preferred ones are first', () => {
  const lb = balancer(chart, { addresses: ['10.0.0.1'], nodes, advertise: [Advertisement.l2({ preferredNodes: [{ selector: Selector.labels({ cable: 'yes' }) }] })] });
  service(lb, 'web', 80);
  const [, ports, wish, , address, announced] = row(lb, 'web');
  expect([ports, wish, address]).toEqual(['TCP 80', 'any address', '10.0.0.1']);
  expect(announced).toBe(`layer 2: node-a, then ${programsOrder('10.0.0.1', ['node-b', 'node-c']).join(', then ')}`);
});

test('nodes that may not announce are left out, unless they may', () => {
  const excluded = [...nodes, { name: 'node-d', labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }];
  for (const ignoreExcludeLb of [false, true]) {
    const lb = balancer(chart = Testing.chart(), { addresses: ['10.0.0.1'], nodes: excluded, ignoreExcludeLb });
    service(lb, 'web', 80);
    expect(row(lb, 'web')[5].includes('node-d')).toBe(ignoreExcludeLb);
  }
});

test.each<[string, (lb: HomeLoadBalancer) => void, string[]]>([
  ['an address that the controller chooses', (lb) => service(lb, 'web', 80),
    ['any address', 'lan', 'chosen by the controller', 'layer 2: one of node-a, node-b, node-c']],
  ['an address of its own choice', (lb) => service(lb, 'web', 80, { addresses: ['10.0.0.7'] }),
    ['10.0.0.7', 'lan', '10.0.0.7', `layer 2: ${programsOrder('10.0.0.7', ['node-a', 'node-b', 'node-c']).join(', then ')}`]],
  ['a client\'s address that is preserved', (lb) => service(lb, 'web', 80, { preserveClientIp: true }),
    ['any address', 'lan', 'chosen by the controller', 'layer 2: one of node-a, node-b, node-c that runs one of its pods']],
  ['a pool made elsewhere', (lb) => service(lb, 'web', 80, { pool: AddressPool.fromPoolName(chart, 'x', 'elsewhere') }),
    ['pool elsewhere', 'elsewhere', 'chosen by the controller', 'not by this app']],
  ['two pools', (lb) => {
    lb.addPool('more', { poolName: 'more', ranges: [IpRange.cidr('10.1.0.0/24')] });
    service(lb, 'web', 80);
  }, ['any address', 'lan or more', 'chosen by the controller', 'depends on the pool']],
  ['routers', (lb) => {
    lb.addBgpPeer('router', { peerName: 'router', address: '10.0.0.254', asn: 1, localAsn: 2 });
    const pool = lb.addPool('edge', { poolName: 'edge', ranges: [IpRange.address('10.1.0.1')], autoAssign: false, advertise: [Advertisement.bgp()] });
    service(lb, 'web', 80, { pool });
  }, ['pool edge', 'edge', '10.1.0.1', 'BGP: node-a, node-b, node-c to router']],
  ['what cannot be', (lb) => service(lb, 'web', 80, { addresses: ['10.9.9.9'] }),
    ['10.9.9.9', '–', '–', 'asks for 10.9.9.9, which is in no pool that it may use: expected an address of lan (10.0.0.0/24)']],
])('%s', (_, build, expected) => {
  const lb = balancer(chart, { addresses: ['10.0.0.0/24'], poolName: 'lan', nodes });
  build(lb);
  expect(row(lb, 'web').slice(2)).toEqual(expected);
});

test('it does not depend on the order in which Services were written, and a further one only adds lines', () => {
  const plan = (...names: string[]) => {
    chart = Testing.chart();
    const lb = balancer(chart, { addresses: ['10.0.0.0/24'], poolName: 'lan', nodes });
    names.forEach((name, i) => service(lb, name, 80, { addresses: [`10.0.0.${name.length + i * 0}`] }));
    return lb.plan().split('\n');
  };
  expect(plan('a', 'bb', 'ccc')).toEqual(plan('ccc', 'a', 'bb'));
  const before = plan('a', 'ccc');
  expect(plan('a', 'bb', 'ccc').filter((line) => before.includes(line))).toEqual(before);
});

test('it is written beside the manifests', () => {
  const lb = balancer(chart, { addresses: ['10.0.0.1'] });
  lb.expose(application(chart, 'web', 80));
  const path = lb.writePlan();
  expect(path).toBe(join((chart.node.root as any).outdir, 'home-load-balancer.plan.md'));
  expect(readFileSync(path, 'utf8')).toBe(lb.plan());
  expect(lb.plan()).toMatch(/```mermaid\nflowchart LR\n(  \S+\["[^"]+"\] (-->|-\. layer 2 \.->) \S+\["[^"]+"\]\n)+```\n$/);
});

test('a selector that chooses none of the nodes is refused', () => {
  balancer(chart, { addresses: ['10.0.0.1'], nodes, advertise: [Advertisement.l2({ name: 'l2', nodeSelectors: [Selector.hostnames('node-x')] })] });
  expect(() => Testing.synth(chart)).toThrow(/\[test\/lb\/Pool\] L2Advertisement l2 .*: nodeSelectors: 'kubernetes.io\/hostname=node-x' matches none of the nodes node-a, node-b, node-c, so nobody would announce/);
});
