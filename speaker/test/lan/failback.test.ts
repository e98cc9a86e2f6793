/** Whether and when an address goes back to a better candidate that has returned. */
import { VIP } from './harness';
import { Home } from './home';
import { FailbackOptions } from '../../src/lan';
import { decayed, Damping, MOST_DAMPED_MS, turnDelayMs } from '../../src/lan/damping';
import { Random } from '../simulation/random';
import { VirtualNode } from '../simulation/virtual-node';
import { DETECTION_MS, INTERVAL_MS, World } from '../simulation/world';

const NAMES = ['node-44', 'node-45', 'node-46'];

describe('how long a node waits for its turn', () => {
  test.each([
    [0, 0, 0],
    [0, 1, 0], // one fault is forgiven
    [0, 2, 10_000],
    [0, 3, 30_000],
    [0, 4, 70_000],
    [0, 7, 630_000],
    [0, 8, MOST_DAMPED_MS],
    [0, 1000, MOST_DAMPED_MS],
    [30_000, 0, 30_000],
    [30_000, 1, 30_000],
    [30_000, 2, 40_000],
    [30_000, 1.5, 30_000 + (Math.SQRT2 - 1) * 10_000],
    [3_600_000, 5, 3_600_000], // an operator's longer hold-down is kept
  ])('with a hold-down of %i ms and a penalty of %d: %d ms', (holdDownMs, penalty, ms) => {
    expect(turnDelayMs(holdDownMs, penalty)).toBeCloseTo(ms, 6);
  });

  test.each([[1, 0, 1], [4, 300_000, 2], [4, 600_000, 1], [1, 3_000_000, 1 / 1024]])('a penalty of %d is after %i ms one of %d', (penalty, ms, after) => {
    expect(decayed(penalty, ms)).toBeCloseTo(after, 9);
  });

  test('faults of one moment are one; a node that left the plan is forgotten', () => {
    const damping = new Damping();
    [0, 0, 0, 300_000].forEach((now) => damping.fault(now, 'node-44'));
    expect(damping.penaltyOf(300_000, 'node-44')).toBeCloseTo(1.5, 9);
    damping.keep(new Map([['node-45', 1]]));
    expect(damping.penaltyOf(300_000, 'node-44')).toBe(0);
  });
});

describe('a better candidate returns', () => {
  function home(failback: FailbackOptions): { world: World; a: VirtualNode; b: VirtualNode } {
    const world = new World(new Random(1));
    world.failback = failback;
    for (const each of NAMES) {
      world.addNode((node) => ({
        node,
        addresses: [{ address: VIP, candidates: NAMES }],
        peers: NAMES.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] })),
      }));
      world.start(world.nodes.find(({ name }) => name === each)!);
    }
    world.runUntil(1000);
    return { world, a: world.nodes[0], b: world.nodes[1] };
  }
  const answering = (world: World) => world.nodes.filter((node) => world.answers(node, VIP)).map(({ name }) => name);
  /** How long until node-44 alone answers, at most `ms`; the fewest and most answers meanwhile. */
  function until(world: World, ms: number): { took: number; least: number; most: number } {
    const start = world.now;
    let least = Infinity, most = 0;
    while (world.now < start + ms) {
      world.runUntil(world.now + 1);
      const names = answering(world);
      least = Math.min(least, names.length);
      most = Math.max(most, names.length);
      if (names.length === 1 && names[0] === 'node-44') return { took: world.now - start, least, most };
    }
    return { took: Infinity, least, most };
  }
  function bounce(world: World, node: VirtualNode): void {
    world.kill(node);
    world.runUntil(world.now + 1000);
    expect(answering(world)).toEqual(['node-45']);
    world.start(node);
  }

  test.each([
    ['never', { mode: 'never' }, Infinity, Infinity],
    ['immediate', { mode: 'immediate' }, 0, DETECTION_MS + 3 * INTERVAL_MS],
    ['hold-down', { mode: 'hold-down', holdDownMs: 5000 }, 5000, 5000 + DETECTION_MS + 3 * INTERVAL_MS],
  ] as const)('%s', (_, failback, least, most) => {
    const { world, a } = home(failback);
    bounce(world, a);
    const outcome = until(world, 8000);
    expect(outcome.took).toBeGreaterThanOrEqual(least);
    expect(outcome.took).toBeLessThanOrEqual(most);
    expect(outcome.least).toBe(1); // there was always an answer
    if (failback.mode !== 'never') expect(world.log.join('\n')).toContain(`node-45 addressLost {"address":"${VIP}","reason":"handedOver","to":"node-44"}`);
  });

  test('one that went in good order is given it back as often as it comes', () => {
    const { world, a } = home({ mode: 'immediate' });
    for (let i = 0; i < 5; i++) {
      world.stop(a);
      world.runUntil(world.now + 1000);
      world.start(a);
      expect(until(world, 1500).took).toBeLessThanOrEqual(DETECTION_MS + 3 * INTERVAL_MS);
    }
  });

  test('one that comes and goes waits longer each time', () => {
    const { world, a } = home({ mode: 'immediate' });
    const times: number[] = [];
    for (let i = 0; i < 4; i++) {
      bounce(world, a);
      times.push(until(world, 100_000).took);
    }
    expect(times[0]).toBeLessThanOrEqual(DETECTION_MS + 3 * INTERVAL_MS);
    expect(times[1]).toBeGreaterThan(9_000);
    times.slice(2).forEach((time, i) => expect(time).toBeGreaterThan(1.5 * times[i + 1]));
  });

  test('a loose cable counts, too, though the node is heard all the time', () => {
    const { world, a } = home({ mode: 'immediate' });
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      world.setLink(a, false);
      world.runUntil(world.now + 500);
      world.setLink(a, true);
      times.push(until(world, 100_000).took);
    }
    expect(times[0]).toBeLessThanOrEqual(500);
    expect(times[2]).toBeGreaterThan(5_000);
  });

  test('while it still has a worse link it is not given it', () => {
    const { world, a } = home({ mode: 'immediate' });
    bounce(world, a);
    world.setLink(a, false);
    expect(until(world, 2000).took).toBe(Infinity);
    expect(answering(world)).toEqual(['node-45']);
  });
});

test('it is not given back through another network to one that is behind a cut of the LAN: clients on this side would not hear of that', () => {
  const world = new Home();
  Object.assign(world, { fastDetection: true, failback: { mode: 'immediate' } });
  world.start(world.b);
  world.runUntil(1000);
  world.a.port.segment = 1;
  world.start(world.a);
  expect(world.watch(4000, 'node-45')).toMatchObject({ seen: ['node-45'] });
  world.a.port.segment = 0;
  world.runUntil(world.now + 6000);
  expect(world.answering()).toEqual(['node-44']);
});
