import { Errno, errnoName, SysError } from '../../src/sys';

test.each([
  [1, 'EPERM'], [11, 'EAGAIN'], [19, 'ENODEV'], [98, 'EADDRINUSE'], [105, 'ENOBUFS'], [9999, 'E9999'],
])('error number %d is %s', (errno, name) => {
  expect(errnoName(errno)).toBe(name);
});

test.each([
  [Errno.EPERM, 'packet socket', /add NET_RAW to the container's capabilities and run as uid 0/],
  [Errno.EADDRINUSE, 'UDP port 7946 on 0.0.0.0', /ss -lunp 'sport = :7946'/],
  [Errno.EADDRNOTAVAIL, 'UDP port 7946 on 192.0.2.1', /no interface of this node has that address/],
  [Errno.EACCES, 'UDP port 80 on ::', /choose a port from 1024 to 65535/],
  [Errno.EAFNOSUPPORT, 'UDP port 7946 on ::', /ipv6.disable=1/],
  [Errno.ENODEV, 'packet socket', /the interface does not exist any more/],
  [Errno.ENOBUFS, 'rtnetlink socket', /net.core.rmem_max/],
])('error %d on a %s tells what to change', (errno, subject, fix) => {
  const error = new SysError('call', errno, { subject });
  expect(error.message).toContain(`${subject}: call failed with ${errnoName(errno)}: `);
  expect(error.message).toMatch(fix);
  expect(error.fix).toMatch(fix);
});

test('an error without advice says what failed and no more', () => {
  expect(new SysError('read', 5, { subject: 'timer' }).message).toBe('timer: read failed with EIO');
});

test('an error survives the way between threads', () => {
  const error = new SysError('socket', Errno.EPERM, { subject: 'packet socket' });
  const copy = SysError.fromValue(structuredClone(error.toValue()));
  expect(copy).toBeInstanceOf(SysError);
  expect(copy).toMatchObject({ code: 'EPERM', errno: 1, call: 'socket', message: error.message });
});
