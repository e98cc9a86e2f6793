import type { Exposure, KernelFinding } from '../../src/dataplane';
import { SpeakerMetrics } from '../../src/observability';
import { KernelNotice } from '../../src/speaker/kernel-notice';

const exposure = (name: string, ignore: readonly [number, number], announce: readonly [number, number] = [0, 0]): Exposure => ({
  name, arpIgnore: { all: ignore[0], own: ignore[1] }, arpAnnounce: { all: announce[0], own: announce[1] },
});
const IPVS: KernelFinding = { cause: 'ipvs', on: 'kube-ipvs0', addresses: ['93.5.22.100/32'], answers: true, interfaces: [exposure('eth0', [0, 0])] };
const LEFT: KernelFinding = { ...IPVS, cause: 'otherInterface', on: 'lo' };

function bench({ held = ['93.5.22.100'] } = {}) {
  const told: string[] = [], metrics = new SpeakerMetrics();
  const line = (level: string) => (_: object, message: string) => { told.push(`${level} ${message}`); };
  const subject = new KernelNotice({
    node: 'n2',
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    metrics,
    recorder: { record: ({ kind, metadata }, type, reason, message) => { told.push(`${kind} ${metadata.name} ${type} ${reason} ${message}`); } },
    nodeObject: () => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n2' } }),
    nodeAddresses: () => ['93.5.22.45'],
    servicesOf: (address) => (address === '93.5.22.100' ? [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } }] : []),
    holds: (address) => held.includes(address),
  });
  const look = (...findings: KernelFinding[]) => {
    subject.look({ findings, readable: true });
    return told.splice(0);
  };
  const gauge = async () => (await metrics.text()).split('\n').filter((text) => text.startsWith('hlb_kernel_answers{'));
  return { subject, told, look, gauge };
}
/** The line of the log. */
const textOf = (finding: KernelFinding) => bench().look(finding)[0];

describe('what is found, what is wanted, and what to change', () => {
  const REMEDY = 'Set ipvs.strictARP: true in ConfigMap kube-system/kube-proxy, then kubectl -n kube-system rollout restart daemonset kube-proxy '
    + '(k3s, RKE2, microk8s: kube-proxy\'s argument ipvs-strict-arp=true). Until then, on each node: sysctl -w';

  test.each<[string, Partial<KernelFinding>, string]>([
    ['kube-proxy without strictARP', {},
      'warn kube-proxy runs in IPVS mode without strictARP: the kernel of n2 has the addresses of Services on kube-ipvs0 and answers for them on eth0, whichever node announces them '
      + '(net.ipv4.conf.all.arp_ignore=0, net.ipv4.conf.eth0.arp_ignore=0; the higher of the two counts, and should be 1). '
      + `${REMEDY} net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2`],
    ['half of strictARP', { answers: false, interfaces: [exposure('eth0', [1, 0])] },
      'warn kube-proxy runs in IPVS mode without strictARP: the kernel of n2 has the addresses of Services on kube-ipvs0 and may ask for others in their name on eth0, '
      + 'which draws clients away from the node that announces them '
      + '(net.ipv4.conf.all.arp_announce=0, net.ipv4.conf.eth0.arp_announce=0; the higher of the two counts, and should be 2). '
      + `${REMEDY} net.ipv4.conf.all.arp_announce=2`],
  ])('%s', (_, changes, text) => {
    expect(textOf({ ...IPVS, ...changes })).toBe(text);
  });

  test.each<[string, readonly Exposure[], string]>([
    ['both are wrong', [exposure('eth0', [0, 0])], 'net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'],
    ['the value of the interface outweighs the right one', [exposure('eth0', [1, 3], [2, 0])], 'net.ipv4.conf.eth0.arp_ignore=1'],
    ['both values answer', [exposure('eth0', [3, 4], [1, 3])],
      'net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.eth0.arp_announce=2'],
    ['one value for all serves two interfaces', [exposure('eth0', [0, 0], [2, 0]), exposure('eth1', [0, 0], [2, 0])], 'net.ipv4.conf.all.arp_ignore=1'],
    ['a name with a dot', [exposure('eth0.7', [2, 5], [2, 0])], 'net/ipv4/conf/eth0.7/arp_ignore=1'],
  ])('the parameters to set: %s', (_, interfaces, command) => {
    expect(textOf({ ...IPVS, interfaces })).toMatch(new RegExp(`: sysctl -w ${command.replace(/[./]/g, '\\$&')}$`));
  });

  test.each<[string, KernelFinding, string]>([
    ['left on another interface', LEFT,
      'warn the kernel of n2 answers for 93.5.22.100 on eth0, whichever node announces it, because lo has it '
      + '(net.ipv4.conf.all.arp_ignore=0, net.ipv4.conf.eth0.arp_ignore=0; the higher of the two counts, and should be 1). '
      + 'If nothing needs it there (keepalived and kube-vip leave such addresses), remove it: ip address del 93.5.22.100/32 dev lo. '
      + 'If something does: sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'],
    ['left on the LAN\'s interface', { ...LEFT, cause: 'sameInterface', on: 'eth0', addresses: ['93.5.22.100/24'] },
      'warn the kernel of n2 answers for 93.5.22.100 on eth0, whichever node announces it, because eth0 itself has it; no sysctl is made for that. '
      + 'Remove it (keepalived and kube-vip leave such addresses): ip address del 93.5.22.100/24 dev eth0. Or, if the node needs it, take it out of the IPAddressPool'],
    ['the node\'s own address, which nobody should remove', { ...LEFT, cause: 'sameInterface', on: 'eth0', addresses: ['93.5.22.45/24'] },
      'warn 93.5.22.45 is the address of n2 itself, so its kernel answers for it on eth0, whichever node announces it: take it out of the IPAddressPool'],
    ['the same, on an interface that the LAN does not reach', { ...LEFT, on: 'dummy0', addresses: ['93.5.22.45/32'] },
      'warn 93.5.22.45 is the address of n2 itself, so its kernel answers for it on eth0, whichever node announces it: take it out of the IPAddressPool'],
  ])('%s', (_, finding, text) => {
    expect(textOf(finding)).toBe(text);
  });

  test('of many addresses five are named', () => {
    const addresses = Array.from({ length: 12 }, (_, i) => `93.5.22.${100 + i}/32`);
    expect(textOf({ ...LEFT, addresses })).toContain('answers for 93.5.22.100, 93.5.22.101, 93.5.22.102, 93.5.22.103, 93.5.22.104 and 7 more on eth0');
  });
});

describe('who is told, and when', () => {
  const kinds = (lines: readonly string[]) => lines.map((text) => /^(?:(?:Node|Service) \S+ \S+ \S+|\S+)/.exec(text)![0]);

  test('the log, the Node, and the Service that this node announces; once', () => {
    const { look } = bench();
    expect(kinds(look(IPVS))).toEqual(['warn', 'Node n2 Warning strictARPMissing', 'Service web Warning strictARPMissing']);
    expect(look(IPVS)).toEqual([]);
  });

  test('a further Service in IPVS mode is no news to the Node', () => {
    const { look } = bench();
    expect(kinds(look({ ...IPVS, addresses: [] }))).toEqual(['warn', 'Node n2 Warning strictARPMissing']);
    expect(kinds(look(IPVS))).toEqual(['Service web Warning strictARPMissing']);
  });

  test('in IPVS mode, a Service that another node announces is for that node to tell', () => {
    const held: string[] = [], { subject, look, told } = bench({ held });
    expect(kinds(look(IPVS))).toEqual(['warn', 'Node n2 Warning strictARPMissing']);
    held.push('93.5.22.100');
    subject.acquired('93.5.22.100');
    subject.acquired('93.5.22.100');
    expect(kinds(told)).toEqual(['Service web Warning strictARPMissing']);
  });

  test('an address that was left somewhere is told of by the node that has it, whoever announces it', () => {
    expect(kinds(bench({ held: [] }).look(LEFT))).toEqual(['warn', 'Node n2 Warning kernelAnswers', 'Service web Warning kernelAnswers']);
  });

  test('other values are told anew, without a word of an end', () => {
    const { look } = bench();
    look(IPVS);
    expect(kinds(look({ ...IPVS, answers: false, interfaces: [exposure('eth0', [1, 0])] }))).toEqual([
      'warn', 'Node n2 Warning strictARPMissing', 'Service web Warning strictARPMissing',
    ]);
  });

  test('the end is told to the log and the Node', () => {
    const { look } = bench();
    look(IPVS, LEFT);
    expect(look(LEFT)).toEqual([
      'info the kernel of n2 no longer answers for, or speaks in the name of, addresses of Services on kube-ipvs0',
      'Node n2 Normal kernelSilent the kernel of n2 no longer answers for, or speaks in the name of, addresses of Services on kube-ipvs0',
    ]);
    expect(kinds(look())).toEqual(['info', 'Node n2 Normal kernelSilent']);
    expect(kinds(look(LEFT))).toEqual(['warn', 'Node n2 Warning kernelAnswers', 'Service web Warning kernelAnswers']);
  });

  test('that nothing can be read is said once', () => {
    const { subject, told } = bench();
    for (let i = 0; i < 3; i++) subject.look({ findings: [], readable: false });
    expect(kinds(told)).toEqual(['info']);
  });

  test('a metric for each interface, as long as it lasts', async () => {
    const { look, gauge } = bench();
    look({ ...IPVS, interfaces: [exposure('eth0', [0, 0]), exposure('eth1', [0, 0])] }, LEFT);
    expect(await gauge()).toEqual([
      'hlb_kernel_answers{interface="eth0",on="kube-ipvs0"} 1', 'hlb_kernel_answers{interface="eth1",on="kube-ipvs0"} 1', 'hlb_kernel_answers{interface="eth0",on="lo"} 1',
    ]);
    look();
    expect(await gauge()).toEqual([]);
  });
});
