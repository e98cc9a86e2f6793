import { FakeCore, FakeLinks, FakeSurroundings, started } from './fakes';
import { Loop } from '../../src/dataplane/loop';
import { LanError, LanPlan } from '../../src/lan';
import { SysError } from '../../src/sys';

const PLAN: LanPlan = { node: 'a', addresses: [{ address: '93.5.22.100', candidates: ['a'] }], peers: [] };

describe('what comes in goes to the core, with the time at which it was read', () => {
  test('frames, with the interface they came in on', () => {
    const { core, around, loop } = started();
    around.frames.push({ ifindex: 2, text: 'one' }, { ifindex: 3, text: 'two' });
    loop.turn();
    expect(core.calls).toEqual([['receiveFrame', 1000, 2, 'one'], ['receiveFrame', 1000, 3, 'two']]);
  });

  test('frames of neighbour discovery as well as of ARP', () => {
    const { core, around, loop } = started();
    around.frames.push({ ifindex: 2, text: 'who has' });
    around.neighborFrames.push({ ifindex: 3, text: 'solicitation' });
    loop.turn();
    expect(core.calls).toEqual([['receiveFrame', 1000, 2, 'who has'], ['receiveFrame', 1000, 3, 'solicitation']]);
  });

  test('heartbeats of both families, with their source', () => {
    const { core, around, loop } = started();
    around.datagrams4.push({ from: '93.5.22.45', text: 'four' });
    around.datagrams6.push({ from: 'fd00::45', text: 'six' });
    loop.turn();
    expect(core.calls).toEqual([['receiveHeartbeat', 1000, '93.5.22.45', 'four'], ['receiveHeartbeat', 1000, 'fd00::45', 'six']]);
  });

  test('heartbeats that nobody takes at a node; what else did not arrive is of no interest', () => {
    const { core, around, loop } = started();
    around.datagrams4.push({ from: '93.5.22.46', text: 'beat' });
    around.undelivered4.push({ to: '93.5.22.45', refused: true }, { to: '93.5.22.47', refused: false });
    around.undelivered6.push({ to: 'fd00::45', refused: true });
    loop.turn();
    expect(core.calls).toEqual([['receiveHeartbeat', 1000, '93.5.22.46', 'beat'], ['heartbeatRefused', 1000, 'fd00::45']]);
    loop.turn(); // the socket stays ready as long as something is told
    expect(core.calls.slice(2)).toEqual([['heartbeatRefused', 1000, '93.5.22.45']]);
    around.commands.push({ type: 'snapshot', id: 1 });
    loop.turn();
    expect(around.reports.at(-1)).toMatchObject({ snapshot: { loop: { datagramsRefused: 2 } } });
  });

  test('commands of the main thread, all of them after one wakeup', () => {
    const { core, around, loop } = started();
    const key = new Uint8Array(32);
    around.commands.push({ type: 'plan', plan: PLAN }, { type: 'keys', keys: [key] });
    loop.turn();
    expect(core.calls).toEqual([['setPlan', 1000, PLAN], ['setKeys', 1000, [key]]]);
  });

  test('at most 64 frames in a row, then the others have their turn, for which as many more are read first', () => {
    const { core, around, loop } = started();
    for (let count = 0; count < 200; count++) around.frames.push({ ifindex: 2, text: 'storm' });
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    loop.turn();
    expect(core.names().slice(126)).toEqual(['receiveFrame', 'receiveFrame', 'receiveHeartbeat']);
    loop.turn();
    expect(core.names()).toHaveLength(129 + 64);
  });

  test('frames that come while heartbeats are read, before a heartbeat that comes after them', () => {
    const { core, around, loop } = started();
    const heard = core.receiveHeartbeat;
    core.receiveHeartbeat = (...args) => {
      core.receiveHeartbeat = heard;
      around.frames.push({ ifindex: 2, text: 'question' });
      around.neighborFrames.push({ ifindex: 2, text: 'solicitation' });
      around.datagrams4.push({ from: '93.5.22.46', text: 'mine now' });
      return heard(...args);
    };
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    loop.turn();
    loop.turn();
    expect(core.calls.map(([name, ...args]) => [name, args.at(-1)])).toEqual([
      ['receiveHeartbeat', 'beat'], ['receiveFrame', 'question'], ['receiveFrame', 'solicitation'], ['receiveHeartbeat', 'mine now'],
    ]);
  });

  test('frames that come while heartbeats wait together, before the first of them is heeded; each heartbeat keeps its source', () => {
    const { core, around, loop } = started();
    const socket = around.heartbeats[0], receive = socket.receive;
    socket.receive = (into) => {
      if (around.datagrams4.length === 1) around.frames.push({ ifindex: 2, text: 'question' });
      return receive(into);
    };
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' }, { from: '93.5.22.46', text: 'mine now' });
    loop.turn();
    expect(core.calls.map(([name, ...args]) => [name, ...args.slice(1)])).toEqual([
      ['receiveFrame', 2, 'question'], ['receiveHeartbeat', '93.5.22.45', 'beat'], ['receiveHeartbeat', '93.5.22.46', 'mine now'],
    ]);
  });

  test('at most 64 heartbeats in a row, for each of which as many frames are read first', () => {
    const { core, around, loop } = started();
    for (let count = 0; count < 100; count++) around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    for (let count = 0; count < 65 * 64 + 10; count++) around.frames.push({ ifindex: 2, text: 'storm' });
    loop.turn();
    expect(core.names().filter((name) => name === 'receiveFrame')).toHaveLength(65 * 64);
    expect(core.names().slice(65 * 64)).toEqual(Array.from({ length: 64 }, () => 'receiveHeartbeat'));
  });
});

describe('errors of receiving', () => {
  test.each([['ENETDOWN', 100], ['ENOBUFS', 105], ['ENOMEM', 12]])('%s passes: it is told once and counted', (name, errno) => {
    const { core, around, loop } = started();
    for (const text of ['one', 'two']) {
      around.frames.push({ ifindex: 2, text });
      around.receiveError = new SysError('recvfrom', errno, { subject: 'packet socket' });
      loop.turn();
      expect(core.calls).toEqual(text === 'one' ? [] : [['receiveFrame', 1000, 2, 'one']]);
      loop.turn();
      core.calls.splice(1);
    }
    expect(around.problems()).toEqual([expect.stringContaining(name)]);
    around.commands.push({ type: 'snapshot', id: 1 });
    loop.turn();
    expect(around.reports.at(-1)).toMatchObject({ snapshot: { loop: { receiveErrors: { [name]: 2 } } } });
  });

  test('any other ends the loop, which could only spin', () => {
    const { around, loop } = started();
    around.frames.push({ ifindex: 2, text: 'x' });
    around.receiveError = new SysError('recvfrom', 9, { subject: 'packet socket' });
    expect(() => loop.turn()).toThrow('EBADF');
  });
});

describe('what the core wants', () => {
  test('is sent at once, and told', () => {
    const { core, around, loop } = started();
    around.frames.push({ ifindex: 2, text: 'question' });
    core.frames = [{ ifindex: 2, bytes: Buffer.from('answer') }, { ifindex: 3, bytes: Buffer.from('other') }];
    core.datagrams = [{ to: '93.5.22.45', bytes: Buffer.from('beat') }, { to: 'fd00::46', bytes: Buffer.from('beat') }];
    core.events = [{ code: 'heartbeatKeyMissing' }];
    loop.turn();
    expect(around.sent).toEqual(['frame 2 answer', 'frame 3 other', 'datagram 93.5.22.45 beat', 'datagram fd00::46 beat']);
    expect(around.reports).toEqual([{ type: 'events', events: [{ code: 'heartbeatKeyMissing' }] }]);
  });

  test('a packet that the kernel refuses is counted; the first of each kind is told', () => {
    const { core, around, loop } = started();
    around.sendErrno = 100;
    core.frames = [{ ifindex: 2, bytes: Buffer.from('a') }, { ifindex: 2, bytes: Buffer.from('b') }];
    core.datagrams = [{ to: '93.5.22.45', bytes: Buffer.from('c') }];
    around.frames.push({ ifindex: 2, text: 'question' });
    loop.turn();
    expect(around.problems()).toEqual([expect.stringContaining('ENETDOWN')]);
    around.commands.push({ type: 'snapshot', id: 7 });
    loop.turn();
    expect(around.reports.at(-1)).toMatchObject({ type: 'snapshot', ids: [7], snapshot: { loop: { sendErrors: { ENETDOWN: 3 }, framesSent: 0 } } });
  });

  test('a heartbeat for a family that the machine does not have is counted', () => {
    const core = new FakeCore(), around = new FakeSurroundings();
    const loop = new Loop(core, { ...around, heartbeats: [around.heartbeats[0]] }, {});
    loop.begin();
    core.datagrams = [{ to: 'fd00::46', bytes: Buffer.from('beat') }];
    around.frames.push({ ifindex: 2, text: 'x' });
    loop.turn();
    expect(around.problems()).toEqual([expect.stringContaining('EAFNOSUPPORT')]);
  });
});

describe('the timer', () => {
  test('is set to the deadline of the core, and only when that has changed', () => {
    const { core, around, loop } = started();
    core.deadline = 1100;
    for (const text of ['a', 'b', 'c']) {
      around.frames.push({ ifindex: 2, text });
      loop.turn();
    }
    core.deadline = 1200;
    loop.turn();
    expect(around.armed).toEqual([1100, 1200]);
  });

  test('calls the core when it is due, and is set anew even to the same moment', () => {
    const { core, around, loop } = started();
    core.deadline = 1100;
    loop.turn();
    around.time = 1103;
    loop.turn();
    loop.turn();
    expect(core.calls).toEqual([['tick', 1103], ['tick', 1103]]);
    expect(around.armed).toEqual([1100, 1100]);
  });

  test('comes after heartbeats that are there: who has spoken is not accused of silence', () => {
    const { core, around, loop } = started();
    core.deadline = 1100;
    loop.turn();
    around.time = 1150;
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    around.datagrams6.push({ from: 'fd00::46', text: 'beat' });
    loop.turn();
    expect(core.names()).toEqual(['receiveHeartbeat', 'receiveHeartbeat', 'tick']);
  });

  test('that the core has moved meanwhile calls nothing', () => {
    const { core, around, loop } = started();
    core.deadline = 1100;
    loop.turn();
    around.time = 1101;
    around.commands.push({ type: 'plan', plan: PLAN });
    const setPlan = core.setPlan;
    core.setPlan = (...args) => {
      core.deadline = 1201;
      return setPlan(...args);
    };
    loop.turn();
    loop.turn();
    expect(core.names()).toEqual(['setPlan']);
    expect(around.armed).toEqual([1100, 1201]);
  });

  test('measures how late it was', () => {
    const { core, around, loop } = started();
    for (const lateness of [0.5, 3, 40, 5000]) {
      core.deadline = around.time + 100;
      loop.turn();
      around.time = core.deadline + lateness;
      loop.turn();
    }
    core.deadline = Infinity;
    around.commands.push({ type: 'snapshot', id: 1 });
    loop.turn();
    const lateness = { ticks: 4, maxMs: 5000, recentMaxMs: 5000, counts: [1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1] };
    expect(around.reports.at(-1)).toMatchObject({ snapshot: { loop: { lateness } } });
  });
});

describe('the end', () => {
  test('stop: the goodbye is sent, nothing that was ready too is looked at, rtnetlink is closed', () => {
    const core = new FakeCore(), around = new FakeSurroundings();
    const loop = new Loop(core, around, {});
    around.commands.push({ type: 'stop' }, { type: 'plan', plan: PLAN });
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    const stop = core.stop;
    core.stop = (now) => {
      core.datagrams = [{ to: '93.5.22.45', bytes: Buffer.from('goodbye') }];
      return stop(now);
    };
    loop.run();
    expect(core.names()).toEqual(['setLinks', 'stop']);
    expect(around.sent).toEqual(['datagram 93.5.22.45 goodbye']);
    expect((around.linkSources[0] as FakeLinks).closed).toBe(true);
  });

  test.each(['receiveFrame', 'tick', 'setPlan'])('an exception in %s ends the loop, and nothing is sent after it', (where) => {
    const core = new FakeCore(), around = new FakeSurroundings();
    const loop = new Loop(core, around, {});
    loop.begin();
    core.error = new TypeError('a defect');
    core.deadline = where === 'tick' ? 900 : Infinity;
    if (where === 'receiveFrame') around.frames.push({ ifindex: 2, text: 'a' }, { ifindex: 2, text: 'b' });
    if (where === 'setPlan') around.commands.push({ type: 'plan', plan: PLAN });
    expect(() => loop.turn()).toThrow('a defect');
    expect(around.sent).toEqual([]);
    expect(core.names()).toEqual(['setLinks', where]);
  });

  test.each([
    ['the plan', { type: 'plan', plan: PLAN }], ['the keys', { type: 'keys', keys: [] }],
  ] as const)('%s that the core refuses is told, and ends nothing', (what, command) => {
    const { core, around, loop } = started();
    core.error = new LanError('LAN_PLAN_ADDRESS', "address 'x' is none");
    const { filters } = around;
    around.commands.push(command);
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    expect(loop.turn()).toBe(true);
    expect(around.reports).toEqual([{
      type: 'problem',
      message: `${what} cannot be used, what was before stays in force`,
      fields: { code: 'LAN_PLAN_ADDRESS', error: "address 'x' is none" },
    }]);
    expect(around.filters).toBe(filters);
    expect(core.names()).toContain('receiveHeartbeat');
  });
});

test('a snapshot tells what the core knows and how the loop fares', () => {
  const { around, loop } = started();
  around.frames.push({ ifindex: 2, text: 'a' });
  loop.turn();
  around.commands.push({ type: 'snapshot', id: 3 });
  loop.turn();
  expect(around.reports).toEqual([{
    type: 'snapshot',
    ids: [3],
    snapshot: {
      node: 'snapshot at 1000',
      addresses: [],
      loop: {
        wakeups: 2,
        framesReceived: 1,
        framesSent: 0,
        datagramsReceived: 0,
        datagramsSent: 0,
        datagramsRefused: 0,
        sendErrors: {},
        receiveErrors: {},
        framesDropped: 2,
        linkListings: 1,
        givenUp: [],
        lateness: { ticks: 0, maxMs: 0, recentMaxMs: 0, counts: new Array(11).fill(0) },
      },
    },
  }]);
});
