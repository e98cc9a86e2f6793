/** Whole speakers on a virtual LAN without faults, one happening at a time: who answers, and how soon. */
import { KEY, VIP } from './harness';
import { Home, NAMES, planOf } from './home';
import { STOP_MS } from '../../src/lan/handover';
import { PLAN_MS } from '../../src/lan/ownership';
import { VirtualNode } from '../simulation/virtual-node';
import { DETECTION_MS, INTERVAL_MS } from '../simulation/world';

describe('three speakers', () => {
  test('all started at once: the first candidate answers, and nobody else ever did', () => {
    const home = new Home();
    for (const node of home.nodes) home.start(node);
    const { seen, took } = home.watch(2000, 'node-44');
    expect(seen).toEqual(['node-44']);
    expect(took).toBeLessThanOrEqual(DETECTION_MS + INTERVAL_MS);
    expect(home.eventsOf('node-44', 'addressAcquired')).toEqual([`addressAcquired {"address":"${VIP}","interfaces":["eth0"],"reason":"firstCandidate"}`]);
  });

  test.each([
    ['its kernel says so', true, INTERVAL_MS, INTERVAL_MS * 1.5],
    ['without fast detection', false, DETECTION_MS, DETECTION_MS + INTERVAL_MS],
  ])('the holder is killed, %s: the next one answers in time, and no third interferes', (_, fastDetection, least, most) => {
    const home = new Home();
    for (const node of home.nodes) node.fastDetection = fastDetection;
    home.settle();
    home.kill(home.a);
    const { took, seen } = home.watch(3000, 'node-45');
    expect(took).toBeLessThanOrEqual(most);
    expect(seen).toEqual(['node-45']);
    expect(home.eventsOf('node-45', 'addressAcquired')[0]).toContain('"reason":"holderDown","from":"node-44"');
    const [state] = home.b.core!.snapshot(home.now).addresses;
    expect(state).toMatchObject({ held: true, reason: 'holderDown', darkMs: state.lastDarkMs });
    expect(state.lastDarkMs).toBeGreaterThanOrEqual(least);
    expect(state.lastDarkMs).toBeLessThanOrEqual(most);
    expect(state.heldMs).toBeGreaterThan(2000);
  });

  test('the holder stops: it answers until the next one does, and at most as long as a frame is under way both do', () => {
    for (let age = 350; age < 2500; age += 50) {
      const home = new Home().settle(age);
      expect(home.answering()).toEqual(['node-44']);
      home.stop(home.a);
      const { took, seen, least } = home.watch(1000, 'node-45');
      expect({ age, least, third: seen.includes('node-46'), prompt: took <= 5 }).toEqual({ age, least: 1, third: false, prompt: true });
      expect(home.eventsOf('node-44', 'addressLost')).toEqual([`addressLost {"address":"${VIP}","reason":"stopped","to":"node-45"}`]);
      expect(home.eventsOf('node-45', 'addressAcquired')[0]).toContain('"reason":"handedOver","from":"node-44"');
    }
  });

  test('the holder stops and nobody hears that: it is silent after a tenth of a second, and the next one finds out by itself', () => {
    const home = new Home().settle();
    home.a.heartbeatGroup = 1;
    home.stop(home.a);
    home.runUntil(home.now + STOP_MS + 1);
    expect(home.answering()).toEqual([]);
    expect(home.watch(1000, 'node-45').took).toBeLessThanOrEqual(DETECTION_MS + INTERVAL_MS);
  });

  test('the last one stops: it waits for nobody', () => {
    const home = new Home();
    home.start(home.a);
    home.runUntil(1000);
    expect(home.answering()).toEqual(['node-44']);
    home.stop(home.a);
    expect(home.answering()).toEqual([]);
    expect(home.a.core).toBeUndefined();
  });

  test.each([[0, 0, 0], [300, 0, 100], [0, 300, 200], [200, 100, 0]])(
    'the holder is drained, and the speakers learn of that after %i, %i and %i ms: there is always an answer', (...delays) => {
      const home = new Home().settle();
      home.nodes.forEach((node, i) => home.at(home.now + delays[i], () => home.setPlan(node, planOf(node.name, NAMES.slice(1), { revision: 2 }))));
      const { least, seen, took } = home.watch(2000, 'node-45');
      expect({ least, third: seen.includes('node-46') }).toEqual({ least: 1, third: false });
      expect(took).toBeLessThanOrEqual(Math.max(...delays) + 2 * INTERVAL_MS);
    });

  test('a holder that is drained while nobody else can take the address is silent at once', () => {
    const home = new Home();
    home.start(home.a);
    home.runUntil(1000);
    home.setPlan(home.a, planOf('node-44', NAMES.slice(1), { revision: 2 }));
    expect(home.answering()).toEqual([]);
  });

  test('a drain that is called off at once leaves one answer, wherever that is', () => {
    const home = new Home().settle();
    home.setPlan(home.a, planOf('node-44', NAMES.slice(1), { revision: 2 }));
    home.setPlan(home.a, planOf('node-44', NAMES, { revision: 3 }));
    expect(home.watch(100).least).toBe(1);
    expect(home.watch(2000)).toMatchObject({ least: 1, most: 1 });
  });

  test('the cable of the holder is pulled while heartbeats pass: the next one answers at once', () => {
    const home = new Home().settle();
    home.setLink(home.a, false);
    expect(home.watch(1000, 'node-45').took).toBeLessThanOrEqual(DETECTION_MS / 10);
    expect(home.eventsOf('node-44', 'addressLost')).toEqual([`addressLost {"address":"${VIP}","reason":"noInterface"}`]);
  });

  test('a better candidate that returns takes nothing back', () => {
    const home = new Home().settle();
    home.stop(home.a);
    home.runUntil(home.now + 500);
    home.start(home.a);
    expect(home.watch(3000, 'node-45').seen).toEqual(['node-45']);
  });

  test('a holder that is restarted within the detection time does not think it still holds', () => {
    const home = new Home().settle();
    home.kill(home.a);
    home.start(home.a);
    const { took, most } = home.watch(2000);
    expect(took).toBeLessThanOrEqual(INTERVAL_MS);
    expect(most).toBe(1);
  });

  test('heartbeats are cut and the LAN is whole: the address stays where it is, answered by one', () => {
    const home = new Home().settle();
    home.nodes.forEach((node, i) => { node.heartbeatGroup = i; });
    const { seen } = home.watch(10_000, 'node-44');
    expect(seen).toEqual(['node-44']);
    expect(home.log.filter((line) => line.includes('peerDown'))).toHaveLength(6);
  });

  test('heartbeats are cut and then the holder dies: silence on the LAN is enough', () => {
    const home = new Home().settle();
    home.nodes.forEach((node, i) => { node.heartbeatGroup = i; });
    home.runUntil(home.now + 2000);
    home.kill(home.a);
    expect(home.watch(5000).took).toBeLessThanOrEqual(2 * DETECTION_MS);
  });

  test('LAN and heartbeats are cut in two: each half is served; whole again, one answers', () => {
    const home = new Home().settle();
    home.a.port.segment = home.a.heartbeatGroup = 1;
    home.runUntil(home.now + 1000);
    expect(home.answering()).toEqual(['node-44', 'node-45']);
    home.a.port.segment = home.a.heartbeatGroup = 0;
    expect(home.watch(2000, 'node-44').took).toBeLessThanOrEqual(3 * INTERVAL_MS);
  });

  test('only the LAN heals: the holder asks, hears the other, and one of them yields', () => {
    const home = new Home().settle();
    home.a.port.segment = home.a.heartbeatGroup = 1;
    home.runUntil(home.now + 2000);
    home.a.port.segment = 0;
    expect(home.watch(4000, 'node-44').took).toBeLessThanOrEqual(1500);
    expect(home.eventsOf('node-45', 'addressLost')).toEqual([`addressLost {"address":"${VIP}","reason":"claimHeard","to":"node-44"}`]);
  });

  test('a pause shorter than the detection time moves nothing', () => {
    const home = new Home().settle();
    home.pause(home.a, DETECTION_MS - INTERVAL_MS - 20);
    expect(home.watch(2000, 'node-44').seen).toEqual(['node-44']);
  });

  test('after a longer pause the former holder answers nothing, and finds the address taken', () => {
    const home = new Home().settle();
    home.pause(home.a, 2000);
    const { seen, most, took } = home.watch(4000, 'node-45');
    expect({ seen, most }).toEqual({ seen: ['node-45'], most: 1 });
    expect(took).toBeLessThanOrEqual(DETECTION_MS + INTERVAL_MS);
    expect(home.eventsOf('node-44', 'authority')).toHaveLength(2);
    expect(home.violations).toEqual([]);
  });

  test('all are paused, as when a laptop with its virtual machines sleeps: afterwards one answers', () => {
    const home = new Home().settle();
    for (const node of home.nodes) home.pause(node, 5000);
    const { most, took } = home.watch(7000);
    expect(most).toBe(1);
    expect(took).toBeLessThanOrEqual(5000 + DETECTION_MS + INTERVAL_MS);
  });

  test('a thousand addresses move from a dead holder in the detection time, and from one that stops at once', () => {
    const addresses = Array.from({ length: 1000 }, (_, i) => ({ address: `10.1.${Math.floor(i / 250)}.${i % 250}`, candidates: NAMES }));
    const home = new Home((node) => planOf(node, NAMES, { addresses })).settle();
    const heldBy = (node: VirtualNode) => node.core!.snapshot(home.now).addresses.filter(({ held }) => held).length;
    expect(home.nodes.map(heldBy)).toEqual([1000, 0, 0]);
    home.kill(home.a);
    home.runUntil(home.now + DETECTION_MS + INTERVAL_MS);
    expect([heldBy(home.b), heldBy(home.c)]).toEqual([1000, 0]);
    home.runUntil(home.now + 1000);
    home.stop(home.b);
    home.runUntil(home.now + 10);
    expect(heldBy(home.c)).toBe(1000);
    home.start(home.a);
    home.runUntil(home.now + 2000);
    expect([heldBy(home.a), heldBy(home.c)]).toEqual([0, 1000]);
  });
});

describe('plans that differ', () => {
  test('the holder has no longer part in the plan of another: it is waited for, then by the higher revision it yields, and the other serves', () => {
    const home = new Home().settle();
    home.setPlan(home.b, planOf('node-45', ['node-45'], { revision: 9 }));
    expect(home.watch(PLAN_MS - 1)).toMatchObject({ seen: ['node-44'], least: 1 });
    expect(home.watch(1000, 'node-45').took).toBeLessThanOrEqual(INTERVAL_MS);
    home.setPlan(home.a, planOf('node-44', ['node-45'], { revision: 9 }));
    expect(home.watch(1000, 'node-45').seen).toEqual(['node-45']);
  });

  test('the holder has no longer part in its own plan, which another has not yet: that waits for the plan, and takes the address without it if it does not come', () => {
    const home = new Home().settle();
    home.setPlan(home.a, planOf('node-44', ['node-46', 'node-45'], { revision: 9 }));
    expect(home.watch(PLAN_MS / 2 - 1)).toMatchObject({ seen: ['node-44'], least: 1 });
    expect(home.watch(1000, 'node-45')).toMatchObject({ seen: ['node-44', 'node-45'], least: 1 });
    home.setPlan(home.c, planOf('node-46', ['node-46', 'node-45'], { revision: 9 }));
    expect(home.watch(1000, 'node-45').seen).toEqual(['node-45']);
  });

  test('an older plan does not take an address from a newer one', () => {
    const home = new Home((node) => planOf(node, NAMES, { revision: 5 })).settle();
    home.setPlan(home.b, planOf('node-45', ['node-45'], { revision: 4 }));
    expect(home.watch(1000, 'node-44').seen).toEqual(['node-44']);
  });

  test('a new candidate in front takes nothing from the holder', () => {
    const home = new Home((node) => planOf(node, ['node-45', 'node-46'], { revision: 1 })).settle();
    for (const node of home.nodes) home.at(home.now + 10 * node.last, () => home.setPlan(node, planOf(node.name, NAMES, { revision: 2 })));
    expect(home.watch(3000, 'node-45').seen).toEqual(['node-45']);
  });

  test('the first candidate has not got the new address yet: the next one takes it after a second, rather than nobody', () => {
    const home = new Home((node) => planOf(node, NAMES, { addresses: [] })).settle();
    home.setPlan(home.b, planOf('node-45'));
    expect(home.watch(500, 'node-45').seen).toEqual([]);
    expect(home.watch(1000, 'node-45').took).toBeLessThanOrEqual(500 + INTERVAL_MS);
  });
});

describe('a new key', () => {
  const NEW_KEY = new Uint8Array(32).fill(8);

  test.each([
    ['within a moment', [10, 25, 40]],
    ['in a minute, the owner last', [30_000, 60_000, 59_000]],
  ])('is read by the nodes one after another, %s: no peer goes down, and nothing moves', (_, times) => {
    const home = new Home().settle();
    times.forEach((ms, i) => home.at(home.now + ms, () => home.setKeys(home.nodes[i], [NEW_KEY, KEY])));
    const from = home.log.length;
    expect(home.watch(Math.max(...times) + 62_000, 'node-44').seen).toEqual(['node-44']);
    expect(home.log.slice(from).filter((line) => !line.includes('heartbeatKeyRetired'))).toEqual([]);
    expect(home.log.filter((line) => line.includes('heartbeatKeyRetired'))).toHaveLength(3);
  });

  test('is all that a node has that was started meanwhile: it is found by those who have it too, and by the rest when they have read it', () => {
    const home = new Home().settle();
    home.setKeys(home.a, [NEW_KEY, KEY]);
    home.setKeys(home.c, [NEW_KEY]);
    home.kill(home.c);
    home.start(home.c);
    home.runUntil(home.now + 1000);
    const up = (node: VirtualNode) => node.core!.snapshot(home.now).peers.filter((peer) => peer.up).map(({ node: name }) => name);
    expect([up(home.a), up(home.b), up(home.c)]).toEqual([['node-45', 'node-46'], ['node-44'], ['node-44']]);
    home.setKeys(home.b, [NEW_KEY, KEY]);
    home.runUntil(home.now + 500);
    expect([up(home.a), up(home.b), up(home.c)]).toEqual([['node-45', 'node-46'], ['node-44', 'node-46'], ['node-44', 'node-45']]);
  });
});

describe('without a key', () => {
  function keyless(): Home {
    const home = new Home();
    for (const node of home.nodes) node.keys = [];
    return home.settle();
  }

  test('each address stays with its first candidate, with no heartbeat and with a word of warning', () => {
    const home = keyless();
    expect(home.watch(2000, 'node-44').seen).toEqual(['node-44']);
    expect(home.log.filter((line) => line.includes('heartbeatKeyMissing'))).toHaveLength(3);
    expect(home.log.filter((line) => line.includes('peerUp'))).toEqual([]);
  });

  test('it does not move when its holder dies: nobody can tell a dead peer from one that is not heard', () => {
    const home = keyless();
    home.kill(home.a);
    expect(home.watch(3000, 'node-45').seen).toEqual([]);
  });

  test('keys that come to the nodes one after another never make two answer for long', () => {
    const home = keyless();
    for (const node of [home.c, home.b, home.a]) {
      home.setKeys(node, [KEY]);
      home.runUntil(home.now + 2000);
      expect(home.answering()).toHaveLength(1);
    }
    home.kill(home.nodes.find(({ name }) => name === home.answering()[0])!);
    home.runUntil(home.now + DETECTION_MS + INTERVAL_MS);
    expect(home.answering()).toHaveLength(1);
  });
});
