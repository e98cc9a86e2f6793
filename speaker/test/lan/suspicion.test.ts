/** Who is found to be gone before the detection time has passed, who is not, and what keeps two nodes from answering then. */
import { CLIENT_IP, CLIENT_MAC, core, framesOf, KEY, link, nodeMac, planFor, VIP, VIP6, whoHas } from './harness';
import { Home, NAMES } from './home';
import { LanPlan, Outbox } from '../../src/lan';
import { QUESTIONS, SPACING_MS } from '../../src/lan/suspicion';
import {
  decodeHeartbeat, emptyHeartbeat, encodeHeartbeat, Heartbeat, HEARTBEAT_FLAG_PROMPT, HEARTBEAT_FLAG_QUESTION, HEARTBEAT_MAX_LENGTH, heartbeatKey,
} from '../../src/wire';
import { DETECTION_MS, INTERVAL_MS } from '../simulation/world';

const FAMILIES = [['IPv4', VIP, '93.5.22.'], ['IPv6', VIP6, 'fd93:5:22::']] as const;
/** A heartbeat is overdue, and nobody has answered all questions; and the same after a refusal, which comes with the next heartbeat at the latest. */
const FOUND_MS = INTERVAL_MS * 1.05 + QUESTIONS * SPACING_MS;

const plan = (address: string, prefix: string, names: readonly string[] = NAMES) => (node: string): LanPlan => ({
  node,
  addresses: [{ address, candidates: names }],
  peers: names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`${prefix}${name.slice(5)}`] })),
});

/** One network for everything, and nodes that have known each other for a while. */
function home(address: string = VIP, prefix = '93.5.22.', names: readonly string[] = NAMES): Home {
  const made = new Home(plan(address, prefix, names));
  made.network.heartbeatsOverLan = true;
  made.nodes.splice(names.length);
  return made.settle(2000);
}

/** How suspicions have ended, of all nodes that run. */
function outcomes({ nodes, now }: Home): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const node of nodes) {
    for (const [outcome, count] of Object.entries(node.core?.snapshot(now).suspicions ?? {})) sum[outcome] = (sum[outcome] ?? 0) + count;
  }
  return sum;
}

const decoded = (outbox: Outbox): Heartbeat[] => outbox.datagrams.slice(0, outbox.datagramCount).map(({ bytes, length }) => {
  const heartbeat = emptyHeartbeat();
  expect(decodeHeartbeat(bytes, length, [heartbeatKey(KEY)], heartbeat)).toBeUndefined();
  return heartbeat;
});

/** node-44, and what node-45 sends it. */
function pair() {
  const speaker = core('node-44', { fastDetection: true });
  speaker.setLinks(0, [link(44)]);
  speaker.setKeys(0, [KEY]);
  let [last] = decoded(speaker.setPlan(0, planFor('node-44', { peers: [{ node: 'node-45', addresses: ['93.5.22.45'] }] })));
  let sequence = 0;
  const make = (flags: number, overrides: Partial<Heartbeat> = {}) => {
    const into = new Uint8Array(HEARTBEAT_MAX_LENGTH);
    const echoes = [{ incarnation: last.incarnation, sequence: last.sequence }];
    return into.slice(0, encodeHeartbeat(into, { ...emptyHeartbeat(), node: 'node-45', incarnation: 45n, sequence: ++sequence, flags, echoes, ...overrides }, heartbeatKey(KEY)));
  };
  const receive = (now: number, bytes: Uint8Array) => {
    const answers = decoded(speaker.receiveHeartbeat(now, '93.5.22.45', bytes, bytes.length));
    last = answers.at(-1) ?? last;
    return answers;
  };
  receive(1, make(HEARTBEAT_FLAG_PROMPT));
  speaker.tick(20);
  return { speaker, make, receive };
}

const NONE = { answered: 0, offLan: 0, refused: 0, undecided: 0 };

describe.each(FAMILIES)('%s: the holder is gone:', (_, address, prefix) => {
  const takeover = (happen: (at: Home) => void) => {
    const at = home(address, prefix);
    happen(at);
    const { took, seen, most } = at.watch(3000, 'node-45', address);
    const [acquired] = at.eventsOf('node-45', 'addressAcquired');
    return { took, seen, most, acquired };
  };

  test('its cable is pulled, and with it heartbeats', () => {
    const { took, acquired, seen } = takeover((at) => at.setLink(at.a, false));
    expect(acquired).toContain('"reason":"holderDown","from":"node-44","found":"offLan"');
    expect(took).toBeLessThanOrEqual(FOUND_MS + 5);
    expect(seen).toEqual(['node-45']);
  });

  test('it loses power', () => {
    const { took, acquired, seen } = takeover((at) => {
      at.kill(at.a);
      at.setLink(at.a, false);
    });
    expect(acquired).toContain('"found":"offLan"');
    expect(took).toBeLessThanOrEqual(FOUND_MS + 5);
    expect(seen).toEqual(['node-45']);
  });

  test('its speaker is killed: its kernel says so', () => {
    const { took, acquired, seen, most } = takeover((at) => at.kill(at.a));
    expect(acquired).toContain('"found":"refused"');
    expect(took).toBeLessThanOrEqual(INTERVAL_MS + QUESTIONS * SPACING_MS + 5);
    expect({ seen, most }).toEqual({ seen: ['node-45'], most: 1 });
  });

  test('how long it was dark is told as ever', () => {
    const at = home(address, prefix);
    at.kill(at.a);
    at.runUntil(at.now + 1000);
    const [state] = at.b.core!.snapshot(at.now).addresses;
    expect(state).toMatchObject({ held: true, reason: 'holderDown', darkMs: state.lastDarkMs });
    expect(state.lastDarkMs).toBeGreaterThan(QUESTIONS * SPACING_MS);
    expect(state.lastDarkMs).toBeLessThanOrEqual(FOUND_MS + SPACING_MS);
  });
});

test('of two nodes one is gone, and a client that has asked for the address is still there: it shows that the LAN works', () => {
  const at = home(VIP, '93.5.22.', NAMES.slice(0, 2));
  at.answering();
  at.setLink(at.a, false);
  expect(at.watch(1000, 'node-45').took).toBeLessThanOrEqual(FOUND_MS + 5);
});

describe('the holder is not gone, or nobody can know it: the detection time decides', () => {
  test.each<[string, (at: Home) => void]>([
    ['its speaker stands still, and its kernel answers', (at) => at.pause(at.a, 5000)],
    ['it is killed, and an earlier burst has used up what its kernel says of that', (at) => {
      for (let count = 0; count < 6; count++) for (const node of [at.b, at.c]) at.a.mayRefuse(at.now, node);
      at.kill(at.a);
    }],
    ['answers always took their time, as on WiFi', (at) => {
      Object.assign(at.network.lan, { delayMs: 40 });
      at.runUntil(at.now + 62_000); // when the kernels are asked again
      at.setLink(at.a, false);
    }],
  ])('%s', (_, happen) => {
    const at = home();
    happen(at);
    const { took, seen } = at.watch(3000, 'node-45');
    expect(took).toBeGreaterThan(FOUND_MS + 30);
    expect(took).toBeLessThanOrEqual(DETECTION_MS + INTERVAL_MS);
    expect(at.eventsOf('node-45', 'addressAcquired')[0]).toContain('"found":"timeout"');
    expect(seen).toEqual(['node-45']);
  });

  test('heartbeats alone are lost: it answers on the LAN, and keeps the address', () => {
    const at = home();
    at.network.heartbeatsOverLan = false;
    at.nodes.forEach((node, i) => { node.heartbeatGroup = i; });
    const { seen, least } = at.watch(3000, 'node-44');
    expect({ seen, least }).toEqual({ seen: ['node-44'], least: 1 });
    expect(outcomes(at)).toMatchObject({ offLan: 0, refused: 0 });
  });

  test('nobody else is on the LAN: the dead cable may be our own', () => {
    const at = home(VIP, '93.5.22.', NAMES.slice(0, 2));
    at.network.client.present = false;
    at.a.port.segment = 1;
    const silent = at.b;
    at.runUntil(at.now + FOUND_MS + 50);
    expect(at.answers(silent, VIP)).toBe(false);
    at.runUntil(at.now + DETECTION_MS);
    expect(at.answers(silent, VIP)).toBe(true);
  });

  test('a node whose own uplink is dead accuses nobody early', () => {
    const at = home();
    at.c.port.segment = 1;
    at.runUntil(at.now + DETECTION_MS - INTERVAL_MS);
    expect(at.c.core!.snapshot(at.now).suspicions).toMatchObject({ offLan: 0, undecided: 2 });
    expect(at.answering()).toEqual(['node-44']);
  });

  test('the address belongs on another LAN than the one on which it was asked', () => {
    const at = home('198.51.100.7');
    at.setLink(at.a, false);
    at.runUntil(at.now + FOUND_MS + 50);
    expect(at.eventsOf('node-45', 'addressAcquired')).toEqual([]);
    expect(at.watch(2000, 'node-45').seen).toEqual([]);
  });

  test.each(FAMILIES)('%s: another one that is not heard has the address, too: it keeps it', (_, address, prefix) => {
    const at = home(address, prefix);
    at.c.heartbeatGroup = 1;
    at.c.port.deafTo.add(at.a);
    at.runUntil(at.now + 3000);
    expect(at.answering(address)).toEqual(['node-44', 'node-46']);
    at.kill(at.a);
    at.setLink(at.a, false);
    expect(at.watch(3000, 'node-46', address).seen).toEqual(['node-46']);
    expect(at.eventsOf('node-45', 'addressAcquired')).toEqual([]);
  });

  test('without fast detection nobody is asked', () => {
    const at = new Home(plan(VIP, '93.5.22.'));
    at.network.heartbeatsOverLan = true;
    for (const node of at.nodes) node.fastDetection = false;
    at.settle(2000);
    at.setLink(at.a, false);
    at.runUntil(at.now + DETECTION_MS - INTERVAL_MS);
    expect(outcomes(at)).toEqual(NONE);
    expect(at.eventsOf('node-45', 'addressAcquired')).toEqual([]);
  });
});

describe('a holder that was away', () => {
  test.each([[130], [200], [290]])('frozen with its kernel for %i ms: when it wakes up it asks before it answers, and one answers', (ms) => {
    for (let age = 0; age < 100; age += 5) {
      const at = home();
      at.runUntil(at.now + age);
      at.pause(at.a, ms, true);
      const { most, took } = at.watch(1500);
      expect({ ms, age, most, prompt: took < ms + 150 }).toEqual({ ms, age, most: 1, prompt: true });
    }
  });

  test('stopped alone: it keeps the address', () => {
    for (let ms = 110; ms < 200; ms += 10) {
      const at = home();
      at.pause(at.a, ms);
      const { seen, most } = at.watch(1000, 'node-44');
      expect({ ms, seen, most }).toEqual({ ms, seen: ['node-44'], most: 1 });
    }
  });

  test('answers what it was asked meanwhile as soon as its peers have been heard', () => {
    const { speaker, make, receive } = pair();
    for (const now of [110, 200]) receive(now, make(HEARTBEAT_FLAG_PROMPT));
    speaker.tick(200);
    const request = whoHas(VIP);
    expect(framesOf(speaker.receiveFrame(210, 2, request, request.length))).toHaveLength(1);
    expect(framesOf(speaker.receiveFrame(340, 2, request, request.length))).toEqual([]);
    const questions = decoded(speaker.tick(340)).filter(({ flags }) => flags === HEARTBEAT_FLAG_PROMPT + HEARTBEAT_FLAG_QUESTION);
    expect(questions).toHaveLength(1);
    const stale = make(HEARTBEAT_FLAG_PROMPT);
    expect(framesOf(speaker.receiveHeartbeat(341, '93.5.22.45', stale, stale.length))).toEqual([]);
    const answer = make(HEARTBEAT_FLAG_PROMPT, { echoes: [{ incarnation: questions[0].incarnation, sequence: questions[0].sequence }] });
    expect(framesOf(speaker.receiveHeartbeat(342, '93.5.22.45', answer, answer.length))).toEqual([
      `if2 to ${CLIENT_MAC}: reply ${VIP} at ${nodeMac(44)} for ${CLIENT_IP}`,
    ]);
  });

  test('waits for four questions at most: who does not answer has lost us for reasons of its own', () => {
    const { speaker, make, receive } = pair();
    receive(110, make(HEARTBEAT_FLAG_PROMPT));
    speaker.tick(110);
    const request = whoHas(VIP);
    expect(framesOf(speaker.receiveFrame(240, 2, request, request.length))).toEqual([]);
    let now = 240;
    let questions = 0;
    const answered = () => {
      const outbox = speaker.tick(now);
      questions += decoded(outbox).filter(({ flags }) => flags === HEARTBEAT_FLAG_PROMPT + HEARTBEAT_FLAG_QUESTION).length;
      return framesOf(outbox).some((frame) => frame.includes(`to ${CLIENT_MAC}`));
    };
    while (!answered()) now = Math.max(now + 0.1, speaker.nextDeadline());
    expect(questions).toBe(QUESTIONS);
    expect(now - 240).toBeLessThanOrEqual(QUESTIONS * SPACING_MS + 0.1);
  });

  test('its cable was away for so short that it misses nobody itself: it claims nothing before it has heard all', () => {
    for (let ms = 120; ms < 300; ms += 10) {
      const at = home();
      at.setLink(at.a, false);
      at.runUntil(at.now + ms);
      at.setLink(at.a, true);
      const { most, seen } = at.watch(1000);
      expect({ ms, most, one: seen.length }).toEqual({ ms, most: 1, one: 1 });
    }
  });
});

describe('what it costs', () => {
  test('while all is well nobody is asked', () => {
    const at = home();
    const before = at.network.datagrams;
    at.runUntil(at.now + 20_000);
    expect(outcomes(at)).toEqual(NONE);
    expect(at.network.datagrams - before).toBeLessThanOrEqual(20 * 11 * 6);
  });

  test('refusals that somebody forges have a speaker asked, ever more rarely, and harm nobody', () => {
    const at = home();
    const before = at.network.datagrams;
    for (let count = 0; count < 10_000; count++) {
      at.refuseHeartbeat(at.b, at.a.port.addresses[0]);
      at.runUntil(at.now + 1);
    }
    expect(at.watch(100, 'node-44').seen).toEqual(['node-44']);
    expect(at.eventsOf('node-45', 'peerDown')).toEqual([]);
    expect(at.network.datagrams - before).toBeLessThanOrEqual(10 * 11 * 6 + 60);
  });
});

describe('a heartbeat with a question in it', () => {
  test('is answered at once, to the one who asked, with an echo of it and no question', () => {
    const { make, receive } = pair();
    const question = make(HEARTBEAT_FLAG_PROMPT + HEARTBEAT_FLAG_QUESTION);
    expect(receive(30, question)).toEqual([expect.objectContaining({ node: 'node-44', flags: HEARTBEAT_FLAG_PROMPT, echoes: [{ incarnation: 45n, sequence: 2 }] })]);
    expect(receive(40, question)).toEqual([]); // recorded, and sent again
  });

  test('is not answered within 2 ms of another one', () => {
    const { make, receive } = pair();
    expect([30, 31, 32.5].map((now) => receive(now, make(HEARTBEAT_FLAG_QUESTION)).length)).toEqual([1, 0, 1]);
  });

  test('is not answered when it proves nothing', () => {
    const { make, receive } = pair();
    const unproven = { incarnation: 99n, echoes: [] };
    receive(30, make(0, unproven));
    expect(receive(45, make(HEARTBEAT_FLAG_QUESTION, unproven))).toEqual([]);
  });

  test('is put to nobody who does not say that he answers', () => {
    const { speaker, make, receive } = pair();
    receive(30, make(0));
    for (let now = 31; now < 300; now++) {
      const heartbeats = decoded(speaker.tick(now));
      expect(heartbeats.filter(({ flags }) => flags >= HEARTBEAT_FLAG_QUESTION)).toEqual([]);
    }
  });
});
