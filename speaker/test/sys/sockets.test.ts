import * as fs from 'fs';
import { Epoll, Errno, Ipv6Groups, LinkMonitor, NOTHING, SysError, UdpSocket } from '../../src/sys';

const open: { close(): void }[] = [];
function opened<T extends { close(): void }>(descriptor: T): T {
  open.push(descriptor);
  return descriptor;
}
afterEach(() => open.splice(0).forEach((descriptor) => descriptor.close()));

function arrival(socket: UdpSocket): void {
  const epoll = opened(Epoll.create());
  epoll.add(socket);
  expect(epoll.wait(5000)).toBe(1);
}

describe.each([[4, '127.0.0.1'], [6, '::1']] as const)('UDP over IPv%d', (family, loopback) => {
  test('brings a datagram, and where it came from', () => {
    const one = opened(UdpSocket.open({ family, port: 0 })), other = opened(UdpSocket.open({ family, port: 0, address: loopback }));
    expect(one.send(loopback, other.localPort, Buffer.from('hello, node'), 5)).toBe(0);
    arrival(other);
    const into = Buffer.alloc(100);
    expect(other.receive(into)).toBe(5);
    expect(into.toString('utf8', 0, 5)).toBe('hello');
    expect(other.source).toBe(loopback);
    expect(other.sourcePort).toBe(one.localPort);
    expect(other.receive(into)).toBe(NOTHING);
  });

  test('a datagram that nobody takes is told with its destination, and disturbs no other', () => {
    const one = opened(UdpSocket.open({ family, port: 0 })), other = opened(UdpSocket.open({ family, port: 0, address: loopback }));
    const closed = UdpSocket.open({ family, port: 0, address: loopback });
    const { localPort } = closed;
    closed.close();
    const into = Buffer.alloc(100);
    for (let count = 0; count < 3; count++) {
      expect(one.send(loopback, localPort, Buffer.from('anybody?'), 8)).toBe(0);
      arrival(one);
      expect(one.send(loopback, other.localPort, Buffer.from('hello'), 5)).toBe(0);
      expect(one.receive(into)).toBe(NOTHING);
      expect(one.undelivered()).toEqual({ to: loopback, refused: true });
      expect(one.undelivered()).toBeUndefined();
      arrival(other);
      expect(other.receive(into)).toBe(5);
    }
  });

  test('that a datagram was refused is told also when the error was given to a receiver first', () => {
    const one = opened(UdpSocket.open({ family, port: 0 })), closed = UdpSocket.open({ family, port: 0, address: loopback });
    const { localPort } = closed;
    closed.close();
    one.send(loopback, localPort, Buffer.from('anybody?'), 8);
    arrival(one);
    expect(one.receive(Buffer.alloc(100))).toBe(NOTHING);
    expect(one.undelivered()).toEqual({ to: loopback, refused: true });
  });

  test('a datagram longer than the memory is cut', () => {
    const socket = opened(UdpSocket.open({ family, port: 0 }));
    socket.send(loopback, socket.localPort, Buffer.alloc(100), 100);
    arrival(socket);
    expect(socket.receive(Buffer.alloc(10))).toBe(10);
  });

  test('a second socket on the port is an error that says where to look', () => {
    const { localPort } = opened(UdpSocket.open({ family, port: 0 }));
    expect(() => UdpSocket.open({ family, port: localPort })).toThrow(expect.objectContaining({
      code: 'EADDRINUSE', call: 'bind', message: expect.stringContaining(`ss -lunp 'sport = :${localPort}'`),
    }));
  });

  test('with reuseAddress two sockets share the port', () => {
    const first = opened(UdpSocket.open({ family, port: 0, reuseAddress: true }));
    const second = opened(UdpSocket.open({ family, port: first.localPort, reuseAddress: true }));
    expect(second.localPort).toBe(first.localPort);
  });

  test('an address that this machine does not have', () => {
    expect(() => UdpSocket.open({ family, port: 0, address: family === 4 ? '192.0.2.1' : '2001:db8::1' }))
      .toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL' }));
  });
});

test('IPv4 and IPv6 sockets have one port side by side', () => {
  const four = opened(UdpSocket.open({ family: 4, port: 0 }));
  const six = opened(UdpSocket.open({ family: 6, port: four.localPort }));
  expect(six.localPort).toBe(four.localPort);
});

test('a failed send is a number, not an exception', () => {
  const socket = opened(UdpSocket.open({ family: 4, port: 0 }));
  expect(socket.send('255.255.255.255', 9, Buffer.alloc(1), 1)).toBe(Errno.EACCES); // broadcasting was not asked for
});

test.each(['', 'node-a', '10.0.0.0/8', 'fe80::1%eth0'])('sending to %p, which is no address, is a typed error', (address) => {
  const socket = opened(UdpSocket.open({ family: 4, port: 0 }));
  expect(() => socket.send(address, 9, Buffer.alloc(1), 1)).toThrow(SysError);
  expect(() => socket.send(address, 9, Buffer.alloc(1), 1)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
});

test('more peers than are remembered are still sent to', () => {
  const socket = opened(UdpSocket.open({ family: 4, port: 0 }));
  for (let host = 0; host < 2000; host++) expect(socket.send(`127.1.${host >> 8}.${host & 255}`, 9, Buffer.alloc(1), 1)).toBe(0); // eslint-disable-line no-bitwise
});

test('the link monitor knows loopback, and has nothing to report when nothing changed', () => {
  const monitor = opened(LinkMonitor.open());
  expect(monitor.links.find(({ loopback }) => loopback)).toMatchObject({ index: 1, name: 'lo', ethernet: false });
  const before = monitor.links;
  if (!monitor.read()) expect(monitor.links).toBe(before);
  expect(monitor.listingsStarted).toBe(1);
});

describe('IPv6 groups', () => {
  const LOOPBACK = Number(fs.readFileSync('/sys/class/net/lo/ifindex', 'utf8'));
  const group = (last: number) => Uint8Array.from([...Buffer.from('ff0200000000000000000001ffc0de', 'hex'), last]);
  /** Memberships of the kernel on the loopback interface that end in these tests' numbers. */
  const memberships = () => fs.readFileSync('/proc/net/igmp6', 'utf8').split('\n').map((line) => line.trim().split(/\s+/))
    .filter(([index, , address]) => Number(index) === LOOPBACK && address?.startsWith('ff0200000000000000000001ffc0de'))
    .map(([, , address]) => address.slice(-2)).sort();

  test('are joined and left one by one, and all left at the end', () => {
    const groups = opened(new Ipv6Groups());
    groups.join(LOOPBACK, group(1));
    groups.join(LOOPBACK, group(2));
    groups.join(LOOPBACK, group(2));
    expect(memberships()).toEqual(['01', '02']);
    groups.leave(LOOPBACK, group(1));
    groups.leave(LOOPBACK, group(3));
    expect(memberships()).toEqual(['02']);
    groups.close();
    expect(memberships()).toEqual([]);
  });

  test('more than one socket has room for', () => {
    const groups = opened(new Ipv6Groups());
    const many = Array.from({ length: 4000 }, (_, i) => Uint8Array.from([...Buffer.from('ff0200000000000000000001ffee', 'hex'), Math.floor(i / 256), i % 256]));
    many.forEach((each) => groups.join(LOOPBACK, each));
    expect(fs.readFileSync('/proc/net/igmp6', 'utf8').split('\n').filter((line) => line.includes('ff0200000000000000000001ffee'))).toHaveLength(4000);
  });

  test('an interface that is not there', () => {
    expect(() => opened(new Ipv6Groups()).join(0x7ffffff0, group(1))).toThrow(expect.objectContaining({ code: 'ENODEV' }));
  });
});
