import { started } from './fakes';
import { Takeover } from '../../src/lan';

describe('an address is taken from a node that still answers', () => {
  const claim = { ifindex: 2, bytes: Buffer.from('mine') };

  /** A loop whose core takes an address at a heartbeat, while questions of both families come, at 1000. The clock goes on by 1 ms each time it is read. */
  function taking(takeover: Takeover): ReturnType<typeof started> {
    const all = started(), { core, around } = all;
    around.datagrams4.push({ from: '93.5.22.45', text: 'yours' });
    const heard = core.receiveHeartbeat;
    core.receiveHeartbeat = (...args) => {
      around.frames.push({ ifindex: 2, text: 'one' }, { ifindex: 3, text: 'two' });
      around.neighborFrames.push({ ifindex: 2, text: 'six' });
      core.frames = [{ ...claim, takeover }];
      core.datagrams = [{ to: '93.5.22.45', bytes: Buffer.from('held') }];
      core.events = [{ code: 'heartbeatKeyMissing' }];
      return heard(...args);
    };
    around.now = () => around.time++;
    return all;
  }

  test.each([
    ['IPv4', false, ['one', 'two']],
    ['IPv6', true, ['six']],
  ])('%s: questions that are queued are read before it is announced, and handed over afterwards with the time at which they were read', (_, ipv6, ahead) => {
    const takeover: Takeover = { ipv6, answersFrom: 0 };
    const { core, around, loop } = taking(takeover);
    const send = around.packets.send;
    let queued: number[] = [], told = 0;
    around.packets.send = (...args) => {
      queued = [around.frames.length, around.neighborFrames.length];
      told = core.calls.length;
      return send(...args);
    };
    loop.turn();
    expect([queued, told]).toEqual([ipv6 ? [2, 0] : [0, 1], 1]);
    expect(around.sent).toEqual(['frame 2 mine', 'datagram 93.5.22.45 held']);
    const frames = core.calls.filter(([name]) => name === 'receiveFrame');
    expect(frames.map(([,,, text]) => text)).toEqual(ahead);
    for (const [, now,,, receivedAt] of frames as [string, number, number, string, number][]) {
      expect(receivedAt).toBeLessThan(takeover.answersFrom);
      expect(now).toBeGreaterThan(takeover.answersFrom);
    }
    loop.turn();
    const later = core.calls.slice(1 + ahead.length);
    expect(later.map(([name,,, text, ...receivedAt]) => [name, text, receivedAt])).toEqual((ipv6 ? ['one', 'two'] : ['six']).map((text) => ['receiveFrame', text, []]));
  });

  test('what a frame that was read ahead brings about waits until those before it have been handled', () => {
    const { core, around, loop } = started();
    const [first, second]: Takeover[] = [{ ipv6: false, answersFrom: 0 }, { ipv6: false, answersFrom: 0 }];
    around.frames.push({ ifindex: 2, text: 'start' });
    const take = core.receiveFrame;
    core.receiveFrame = (now, ifindex, bytes, length, ...receivedAt) => {
      const text = Buffer.from(bytes.subarray(0, length)).toString();
      if (text === 'start') {
        around.frames.push({ ifindex: 2, text: 'claim' }, { ifindex: 2, text: 'next' });
        core.frames = [{ ...claim, takeover: first }];
      } else if (text === 'claim') {
        around.frames.push({ ifindex: 2, text: 'last' });
        core.frames = [{ ...claim, takeover: second }];
      }
      return take(now, ifindex, bytes, length, ...receivedAt);
    };
    loop.turn();
    expect(core.calls.map((call) => call[3])).toEqual(['start', 'claim', 'next', 'last']);
  });

  test('there is an end to reading: under a storm it is announced after 1024 questions', () => {
    const takeover: Takeover = { ipv6: false, answersFrom: 0 };
    const { core, around, loop } = taking(takeover);
    const receive = around.packets.receive;
    around.packets.receive = (into) => {
      if (core.calls.length > 0) around.frames.push({ ifindex: 2, text: 'storm' });
      return receive(into);
    };
    loop.turn();
    expect(around.sent[0]).toBe('frame 2 mine');
    expect(core.names().filter((name) => name === 'receiveFrame')).toHaveLength(1024);
  });
});
