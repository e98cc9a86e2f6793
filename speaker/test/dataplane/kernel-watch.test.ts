import { ETH0, FakeLinks, FakeSurroundings, started } from './fakes';
import { KernelReport } from '../../src/dataplane';
import { LanPlan } from '../../src/lan';
import { NetworkLink } from '../../src/sys';

const PLAN: LanPlan = { node: 'a', addresses: [{ address: '93.5.22.100', candidates: ['a'] }], peers: [{ node: 'b', addresses: ['93.5.22.45'] }] };
const IPVS: NetworkLink = { ...ETH0, index: 9, name: 'kube-ipvs0', up: false, noArp: true, operationalState: 'down', addresses: ['93.5.22.100/32'] };
const strictArp = (around: FakeSurroundings, ignore: number, announce: number) => {
  for (const scope of ['all', 'eth0']) {
    around.parameters.set(`ipv4/conf/${scope}/arp_ignore`, scope === 'all' ? ignore : 0);
    around.parameters.set(`ipv4/conf/${scope}/arp_announce`, scope === 'all' ? announce : 0);
  }
};

function bench() {
  const { around, core, loop } = started();
  const links = around.linkSources[0] as FakeLinks;
  strictArp(around, 0, 0);
  /** Runs the loop until then, as the timer wakes it. */
  const runTo = (time: number): KernelReport[] => {
    for (loop.turn(); (around.armed.at(-1) ?? Infinity) <= time; loop.turn()) around.time = Math.max(around.time, around.armed.at(-1)!);
    around.time = time;
    loop.turn();
    return around.reports.splice(0).flatMap((report) => report.type === 'kernel' ? [report.kernel] : []);
  };
  const plan = (changes: Partial<LanPlan> = {}) => around.commands.push({ type: 'plan', plan: { ...PLAN, ...changes } });
  return { around, core, links, runTo, plan };
}
const causes = (reports: readonly KernelReport[]) => reports.map(({ findings }) => findings.map(({ cause }) => cause));

test('what the kernel does is told soon after the first plan, and then when it changes', () => {
  const { runTo, plan, links } = bench();
  plan();
  expect(runTo(1100)).toEqual([]);
  expect(runTo(1200)).toEqual([{ findings: [], readable: true }]);
  expect(runTo(60_000)).toEqual([]);
  links.pending.push([ETH0, IPVS]);
  expect(causes(runTo(60_500))).toEqual([['ipvs']]);
  links.pending.push([ETH0]);
  expect(causes(runTo(62_000))).toEqual([[]]);
});

test('a parameter of which the kernel does not tell is seen within 30 seconds', () => {
  const { around, runTo, plan, links } = bench();
  links.pending.push([ETH0, IPVS]);
  plan();
  expect(causes(runTo(2000))).toEqual([['ipvs']]);
  strictArp(around, 1, 2);
  expect(causes(runTo(32_000))).toEqual([[]]);
});

test('a storm of changes is looked at once a second', () => {
  const { around, runTo, plan, links } = bench();
  plan();
  runTo(2000);
  let reads = 0;
  const { get } = around.parameters;
  around.parameters.get = (path) => {
    reads += path === 'ipv4/conf/all/arp_ignore' ? 1 : 0;
    return get.call(around.parameters, path);
  };
  for (let time = 2000; time < 5000; time += 10) {
    links.pending.push([ETH0, { ...IPVS, addresses: [`10.96.0.${time % 250}/32`] }]);
    runTo(time);
  }
  expect(reads).toBeLessThanOrEqual(4);
});

test('the core is served first', () => {
  const { around, core, runTo, plan } = bench();
  plan();
  core.deadline = 1200;
  const order: string[] = [];
  core.tick = (now) => {
    order.push('tick');
    core.deadline = Infinity;
    return core.setKeys(now, []);
  };
  around.parameters.get = () => {
    order.push('look');
    return 0;
  };
  runTo(1200);
  expect(order.slice(0, 2)).toEqual(['tick', 'look']);
});

test('a node that is alone is not looked at: nobody else could answer; when it becomes so, what was told ends', () => {
  const { around, runTo, plan, links } = bench();
  links.pending.push([ETH0, IPVS]);
  plan({ peers: [{ node: 'a', addresses: [] }] });
  expect(runTo(60_000)).toEqual([]);
  expect(around.armed.filter((at) => at !== Infinity)).toEqual([]);
  plan();
  expect(causes(runTo(61_000))).toEqual([['ipvs']]);
  plan({ peers: [] });
  expect(causes(runTo(63_000))).toEqual([[]]);
});

test('parameters that cannot be read are told of, and end nothing', () => {
  const { around, runTo, plan, links } = bench();
  around.parameters.clear();
  links.pending.push([ETH0, IPVS]);
  plan();
  expect(runTo(90_000)).toEqual([{ findings: [], readable: false }]);
});
