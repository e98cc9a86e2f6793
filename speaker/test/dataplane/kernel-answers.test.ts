import { ETH0 } from './fakes';
import { KernelFinding, kernelFindings, KernelView } from '../../src/dataplane/kernel-answers';
import { NetworkLink } from '../../src/sys';

const VIP = '93.5.22.100', VIP6 = 'fd93:5:22::100';
const ETH1 = { ...ETH0, index: 3, name: 'eth1', addresses: ['10.77.0.44/24'] };
/** As it is on a node: never up, without ARP. */
const IPVS: NetworkLink = { ...ETH0, index: 9, name: 'kube-ipvs0', up: false, noArp: true, operationalState: 'down', addresses: ['10.96.0.1/32', `${VIP}/32`] };
const LO: NetworkLink = { ...ETH0, index: 1, name: 'lo', ethernet: false, broadcast: false, loopback: true, mac: new Uint8Array(6), addresses: ['127.0.0.1/8', `${VIP}/32`] };

interface Values {
  readonly [scope: string]: readonly [ignore: number, announce: number];
}

/** What is wrong, where an interface that is not named has zeros. */
function find(links: readonly NetworkLink[], values: Values, view: Partial<KernelView> = {}): KernelFinding[] {
  const parameter = (scope: string, name: string) => (values[scope] ?? [0, 0])[name === 'arp_ignore' ? 0 : 1];
  return kernelFindings({ links, announced: new Set([VIP, VIP6]), parameter, ...view });
}

/** `answers eth0` or `speaks eth0`, each with the interface that has the address. */
const brief = (findings: readonly KernelFinding[]) => findings.map(({ cause, on, answers, interfaces }) => (
  `${cause} ${on}: ${answers ? 'answers' : 'speaks'} ${interfaces.map(({ name }) => name).join()}`
));

describe('an address of another interface than the one that is asked on', () => {
  // As measured with a kernel 6.18: a question by a client, and a probe from 0.0.0.0.
  test.each([
    [0, 0, true], [1, 0, false], [0, 1, false], [1, 1, false], [2, 0, false], [0, 2, false], [3, 0, true], [1, 3, true], [3, 1, true],
    [4, 0, true], [1, 7, true], [8, 0, false], [1, 8, false], [8, 3, false], [8, 9, true],
  ])('arp_ignore %d for all and %d for the interface: answered is %p', (all, own, answered) => {
    const parameters = { all: [all, 2], eth0: [own, 0] } as const;
    expect(brief(find([ETH0, LO], parameters))).toEqual(answered ? ['otherInterface lo: answers eth0'] : []);
    expect(brief(find([ETH0, IPVS], parameters))).toEqual(answered ? ['ipvs kube-ipvs0: answers eth0'] : []);
  });

  test.each([
    [0, 0, true], [1, 0, true], [0, 1, true], [2, 0, false], [0, 2, false], [2, 1, false], [2, 3, true],
  ])('arp_announce %d for all and %d for the interface: spoken in its name is %p', (all, own, spoken) => {
    expect(brief(find([ETH0, IPVS], { all: [1, all], eth0: [0, own] }))).toEqual(spoken ? ['ipvs kube-ipvs0: speaks eth0'] : []);
  });

  test('where it is answered for, it is not told as well that it is spoken in its name: both are put right together', () => {
    expect(find([ETH0, LO], {})).toEqual([{
      cause: 'otherInterface',
      on: 'lo',
      addresses: [`${VIP}/32`],
      answers: true,
      interfaces: [{ name: 'eth0', arpIgnore: { all: 0, own: 0 }, arpAnnounce: { all: 0, own: 0 } }],
    }]);
  });

  test('the interface that is asked on decides, not the one that has the address', () => {
    expect(brief(find([ETH0, ETH1, LO], { lo: [1, 2], eth0: [1, 2] }))).toEqual(['otherInterface lo: answers eth1']);
    expect(brief(find([ETH0, ETH1, LO], { eth0: [1, 1], eth1: [2, 2] }))).toEqual(['otherInterface lo: speaks eth0']);
  });

  test('the other may be one of the LAN, too', () => {
    expect(brief(find([ETH0, { ...ETH1, addresses: [`${VIP}/24`] }], {}))).toEqual(['sameInterface eth1: answers eth1', 'otherInterface eth1: answers eth0']);
  });
});

describe('an address of the very interface', () => {
  const links = [{ ...ETH0, addresses: ['93.5.22.44/24', `${VIP}/24`, `${VIP6}/64`] }];

  test.each([[0, 2], [1, 2], [2, 2], [3, 2]])('IPv4 with arp_ignore %d is answered', (ignore) => {
    expect(find(links, { all: [ignore, 2] }).map(({ cause, addresses }) => [cause, addresses])).toEqual([['sameInterface', [`${VIP}/24`]], ['sameInterface', [`${VIP6}/64`]]]);
  });

  test('IPv4 with arp_ignore 8 is not, IPv6 is', () => {
    expect(find(links, { all: [8, 2] }).map(({ addresses }) => addresses)).toEqual([[`${VIP6}/64`]]);
  });
});

describe('kube-ipvs0', () => {
  test('is enough, before any address is on it', () => {
    expect(find([ETH0, { ...IPVS, addresses: [] }], {})).toMatchObject([{ cause: 'ipvs', addresses: [], answers: true }]);
  });

  test('with the settings of strictARP is right', () => {
    expect(find([ETH0, IPVS], { all: [1, 2] })).toEqual([]);
  });

  test('does no harm in IPv6: the kernel answers for addresses of the receiving interface alone', () => {
    expect(find([ETH0, { ...IPVS, addresses: [`${VIP6}/128`] }], { all: [1, 2] })).toEqual([]);
    expect(find([ETH0, { ...LO, addresses: [`${VIP6}/128`] }], {})).toEqual([]);
  });
});

describe('nothing is wrong', () => {
  test.each<[string, readonly NetworkLink[], Partial<KernelView>]>([
    ['where no interface has an announced address', [ETH0, ETH1, { ...LO, addresses: ['127.0.0.1/8'] }], {}],
    ['where the address is announced by nobody', [ETH0, LO], { announced: new Set(['93.5.22.101']) }],
    ['where no interface hears the LAN', [LO, IPVS], {}],
    ['where the interface is excluded', [ETH0, IPVS], { excludeInterfaces: /^eth/g }],
    ['where the interface has no cable', [{ ...ETH0, up: false }, IPVS], {}],
    ['where it is a port of a bridge', [{ ...ETH0, enslaved: true }, IPVS], {}],
    ['as far as can be seen where the parameters cannot be read', [ETH0, IPVS], { parameter: () => undefined }],
    ['of an interface that has gone meanwhile', [ETH0, IPVS], { parameter: (scope) => (scope === 'all' ? 0 : undefined) }],
  ])('%s', (_, links, view) => {
    expect(find(links, {}, view)).toEqual([]);
  });

  test('an expression that remembers where it stopped finds the same each time', () => {
    const view = { excludeInterfaces: /eth0/g };
    expect([1, 2, 3].map(() => find([ETH0, IPVS], {}, view))).toEqual([[], [], []]);
  });
});
