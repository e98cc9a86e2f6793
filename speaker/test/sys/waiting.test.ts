import { bootTime, Epoll, SysError, Timer, Wakeup } from '../../src/sys';

/** Real descriptors of this process; no privilege is needed. */
const open: { close(): void }[] = [];
function opened<T extends { close(): void }>(descriptor: T): T {
  open.push(descriptor);
  return descriptor;
}
afterEach(() => open.splice(0).forEach((descriptor) => descriptor.close()));

test('the clock goes forwards, in milliseconds', () => {
  const uptime = process.hrtime.bigint() / 1_000_000n; // CLOCK_MONOTONIC: the same but for suspended time
  const one = bootTime(), other = bootTime();
  expect(other).toBeGreaterThanOrEqual(one);
  expect(one).toBeGreaterThanOrEqual(Number(uptime));
});

describe('a wakeup', () => {
  test('makes epoll return, from another thread by its number too', () => {
    const epoll = opened(Epoll.create()), wakeup = opened(Wakeup.create());
    epoll.add(wakeup);
    expect(epoll.wait(0)).toBe(0);
    Wakeup.attach(wakeup.fd).signal();
    expect(epoll.wait(-1)).toBe(1);
    expect(epoll.ready(0)).toBe(wakeup.fd);
  });

  test('lasts until it is cleared, however often it was given', () => {
    const epoll = opened(Epoll.create()), wakeup = opened(Wakeup.create());
    epoll.add(wakeup);
    wakeup.signal();
    wakeup.signal();
    expect(epoll.wait(-1)).toBe(1);
    expect(epoll.wait(-1)).toBe(1);
    wakeup.clear();
    expect(epoll.wait(0)).toBe(0);
  });

  test('given after closing is lost, not written to somebody else', () => {
    const wakeup = Wakeup.create();
    wakeup.close();
    const epoll = opened(Epoll.create()), other = opened(Wakeup.create());
    epoll.add(other);
    wakeup.signal();
    expect(epoll.wait(0)).toBe(0);
  });
});

describe('a timer', () => {
  test.each([
    ['a moment that has passed', -10], ['the beginning of time', -Infinity], ['a moment soon to come', 5],
  ])('is due at %s', (_, offset) => {
    const epoll = opened(Epoll.create()), timer = opened(Timer.create());
    epoll.add(timer);
    const at = Math.max(-1, bootTime() + offset);
    timer.arm(at);
    expect(epoll.wait(-1)).toBe(1);
    expect(bootTime()).toBeGreaterThanOrEqual(at);
  });

  test.each([['never', Infinity], ['in an hour', 3_600_000]])('armed anew for %s is not due any more, without having been read', (_, offset) => {
    const epoll = opened(Epoll.create()), timer = opened(Timer.create());
    epoll.add(timer);
    timer.arm(bootTime());
    expect(epoll.wait(-1)).toBe(1);
    timer.arm(bootTime() + offset);
    expect(epoll.wait(0)).toBe(0);
  });
});

describe('epoll', () => {
  test('tells of several descriptors at once', () => {
    const epoll = opened(Epoll.create()), wakeups = [1, 2, 3].map(() => opened(Wakeup.create()));
    wakeups.forEach((wakeup) => epoll.add(wakeup));
    wakeups[0].signal();
    wakeups[2].signal();
    const count = epoll.wait(-1);
    expect([...Array(count).keys()].map((index) => epoll.ready(index)).sort()).toEqual([wakeups[0].fd, wakeups[2].fd].sort());
  });

  test('forgets a descriptor that was removed', () => {
    const epoll = opened(Epoll.create()), wakeup = opened(Wakeup.create());
    epoll.add(wakeup);
    wakeup.signal();
    epoll.remove(wakeup);
    expect(epoll.wait(0)).toBe(0);
  });

  test('refuses a closed descriptor with a typed error', () => {
    const epoll = opened(Epoll.create()), wakeup = Wakeup.create();
    wakeup.close();
    wakeup.close();
    expect(() => epoll.add(wakeup)).toThrow(expect.objectContaining({ code: 'EBADF', call: 'epoll_ctl' }));
    expect(() => epoll.add(wakeup)).toThrow(SysError);
  });
});
