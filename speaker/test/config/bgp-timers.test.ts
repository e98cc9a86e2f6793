import { parse, peer } from './fixtures';
import { parseDuration } from '../../src/config';

describe('a duration as Go writes it', () => {
  test.each<[string, number | undefined]>([
    ['90s', 90_000], ['1m30s', 90_000], ['1.5m', 90_000], ['1h', 3_600_000], ['100ms', 100], ['1us', 0.001], ['1µs', 0.001], ['1μs', 0.001], ['1ns', 0.000001],
    ['0', 0], ['0s', 0], ['-0', 0], ['+5s', 5_000], ['-5s', -5_000], ['.5s', 500], ['1.s', 1_000], ['1.1s', 1_100], ['0.1s', 100], ['1m0.5s', 60_500],
    ['2540400h', 9_145_440_000_000],
    ['', undefined], ['90', undefined], ['s', undefined], ['.s', undefined], ['1 s', undefined], [' 1s', undefined], ['1S', undefined], ['1d', undefined],
    ['1e3s', undefined], ['--1s', undefined], ['1s-1s', undefined], ['3000000h', undefined],
  ])('%j is %j ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test('is refused unread when it is a book', () => {
    expect(parseDuration(`${'9'.repeat(1_000_000)}s`)).toBeUndefined();
  });
});

describe('the timers of a BGPPeer', () => {
  const timers = (holdTime?: string, keepaliveTime?: string) => {
    const { config, problems } = parse({ bgpPeers: [peer('p', { holdTime, keepaliveTime })] });
    expect(problems).toEqual([]);
    const { holdTimeMs, keepaliveTimeMs } = config.bgpPeers[0].session;
    return [holdTimeMs, keepaliveTimeMs];
  };

  test.each<[string | undefined, string | undefined, number, number]>([
    [undefined, undefined, 90_000, 30_000],
    ['', '', 90_000, 30_000],
    ['30s', undefined, 30_000, 10_000],
    ['10s', undefined, 10_000, 3_333],
    [undefined, '10s', 30_000, 10_000],
    ['0s', undefined, 0, 0],
    [undefined, '0s', 0, 0],
    ['0s', '0s', 0, 0],
    ['3s', undefined, 3_000, 1_000],
    ['3s', '3s', 3_000, 3_000],
    ['3.9s', undefined, 3_000, 1_000],
    ['3.5s', '3.4s', 3_000, 3_000],
    ['1m30s', '10s', 90_000, 10_000],
    ['90s', '0s', 90_000, 30_000],
    ['90s', '500ms', 90_000, 1_000],
    ['65535s', undefined, 65_535_000, 21_845_000],
  ])('hold %s, keepalive %s: %d and %d ms', (hold, keepalive, holdTimeMs, keepaliveTimeMs) => {
    expect(timers(hold, keepalive)).toEqual([holdTimeMs, keepaliveTimeMs]);
  });

  test.each<[object, string, string, string]>([
    [{ holdTime: '2s' }, 'InvalidTimers', 'holdTime', 'invalid spec.holdTime "2s": must be 0 or >=3s'],
    [{ holdTime: '2999ms' }, 'InvalidTimers', 'holdTime', 'must be 0 or >=3s'],
    // MetalLB cuts it to 0, which is the opposite of what is meant.
    [{ holdTime: '500ms' }, 'InvalidTimers', 'holdTime', 'must be 0 or >=3s'],
    [{ holdTime: '-90s' }, 'InvalidTimers', 'holdTime', 'must be 0 or >=3s'],
    [{ holdTime: '65536s' }, 'InvalidTimers', 'holdTime', 'must be at most 65535s'],
    [{ keepaliveTime: '500ms' }, 'InvalidTimers', 'keepaliveTime', 'three times it, the hold time, must be 0 or >=3s'],
    [{ keepaliveTime: '10h' }, 'InvalidTimers', 'keepaliveTime', 'must be at most 65535s'],
    [{ keepaliveTime: '-1s' }, 'InvalidTimers', 'keepaliveTime', 'must not be negative'],
    [{ holdTime: '90s', keepaliveTime: '91s' }, 'InvalidTimers', 'keepaliveTime', 'must be lower than holdTime'],
    [{ holdTime: '0s', keepaliveTime: '10s' }, 'InvalidTimers', 'keepaliveTime', 'must be lower than holdTime'],
    [{ holdTime: 90 }, 'InvalidDuration', 'holdTime', 'spec.holdTime 90 is no duration'],
    [{ holdTime: '90' }, 'InvalidDuration', 'holdTime', 'spec.holdTime "90" is no duration'],
    [{ keepaliveTime: 'soon' }, 'InvalidDuration', 'keepaliveTime', 'spec.keepaliveTime "soon" is no duration'],
    [{ connectTime: '0s' }, 'InvalidTimers', 'connectTime', 'connect time should be whole seconds between 1 seconds to 65535'],
    [{ connectTime: '1.5s' }, 'InvalidTimers', 'connectTime', 'whole seconds'],
    [{ connectTime: '65536s' }, 'InvalidTimers', 'connectTime', 'whole seconds'],
  ])('%j is refused', (spec, code, field, message) => {
    expect(parse({ bgpPeers: [peer('p', spec)] }).problems).toMatchObject([{ code, field: `spec.${field}`, message: expect.stringContaining(message) }]);
  });

  test('a number is told apart from text', () => {
    expect(parse({ bgpPeers: [peer('p', { holdTime: 90 })] }).problems[0].fix).toBe('write "90s", if seconds are meant');
  });
});
