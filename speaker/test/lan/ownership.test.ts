/** Who owns an address, rule by rule; this node is node-44, and speakers that meet on a LAN are in the other tests. */
import { Address } from '../../src/lan/address';
import { decide, Verdict } from '../../src/lan/ownership';
import { Peer } from '../../src/lan/peer';
import { parseAddress, Reach } from '../../src/wire';

const { NONE, OFF_LINK, ON_LINK } = Reach;

interface Other {
  readonly node?: string;
  readonly up?: boolean;
  readonly holds?: boolean;
  readonly reach?: Reach;
  /** Its candidate list is another one. */
  readonly otherList?: boolean;
  readonly revision?: number;
  readonly listening?: boolean;
  /** How long ago it was heard. */
  readonly silentMs?: number;
}

interface Case {
  readonly candidates?: readonly string[];
  readonly held?: boolean;
  readonly reach?: Reach;
  readonly others: readonly Other[];
  /** Without a key nobody can be heard. */
  readonly noKey?: boolean;
  /** How long nobody has held it. */
  readonly vacantMs?: number;
  /** It had a holder, which is gone. */
  readonly lost?: boolean;
  /** This node has itself just listened. */
  readonly begins?: boolean;
}

function verdict({ candidates = ['node-44', 'node-45', 'node-46'], held = false, reach = ON_LINK, others, noKey = false, vacantMs = 0, ...rest }: Case): Verdict {
  const address = new Address('93.5.22.100', parseAddress('93.5.22.100')!);
  Object.assign(address, { candidates, held, reach, candidatesDigest: 1, vacantSince: 10_000 - vacantMs, lastHolder: rest.lost ? 'node-46' : undefined });
  const peers = others.map(({ node = 'node-45', up = true, holds = false, reach: theirs = ON_LINK, otherList = false, ...other }) => ({
    node,
    up,
    revision: other.revision ?? 0,
    listening: other.listening ?? false,
    heardAt: 10_000 - (other.silentMs ?? 0),
    reachOf: () => theirs,
    stateOf: () => ({ held: holds, reach: theirs, candidatesDigest: otherList ? 2 : 1 }),
  }) as unknown as Peer);
  const self = { node: 'node-44', revision: 5, mayClaim: true, begins: rest.begins ?? false, assumePeersUp: noKey, now: 10_000, detectionMs: 300 };
  return decide(address, self, new Map(peers.map((peer) => [peer.node, peer])));
}

const LAST = ['node-45', 'node-44'];
/** The former holder, found to be gone. */
const gone = (silentMs: number): Other => ({ node: 'node-46', up: false, silentMs });

describe('nobody holds it', () => {
  test.each<[string, Case, boolean]>([
    ['the first candidate takes it', { others: [{}] }, true],
    ['a later one does not, while the first is up', { candidates: LAST, others: [{}] }, false],
    ['... but when that is down', { candidates: LAST, others: [{ up: false }] }, true],
    ['... or has not taken it for a second', { candidates: LAST, others: [{}], vacantMs: 1000 }, true],
    ['... or two before it for two', { candidates: ['node-45', 'node-46', 'node-44'], others: [{}, { node: 'node-46' }], vacantMs: 1999 }, false],
    ['... since that one has known, too, that the holder is gone', { candidates: LAST, others: [{}, gone(1299)], lost: true, vacantMs: 1170 }, false],
    ['... which it does after the detection time', { candidates: LAST, others: [{}, gone(1300)], lost: true, vacantMs: 1170 }, true],
    ['one without an interface for it never takes it', { reach: NONE, others: [{ up: false }] }, false],
    ['one that is no candidate never takes it', { candidates: ['node-45'], others: [{ up: false }] }, false],
    ['one in its subnet comes before a better candidate outside', { candidates: LAST, others: [{ reach: OFF_LINK }] }, true],
    ['the first candidate outside its subnet leaves it to one inside', { reach: OFF_LINK, others: [{}] }, false],
    ['one that has no interface for it is not waited for', { candidates: LAST, others: [{ reach: NONE }] }, true],
    ['outside its subnet the order of candidates counts', { candidates: LAST, reach: OFF_LINK, others: [{ reach: OFF_LINK }] }, false],
    ['one that still listens is waited for', { candidates: LAST, others: [{ listening: true }] }, false],
    ['... but not when a holder has gone', { candidates: LAST, others: [{ listening: true }], lost: true }, true],
    ['... unless this node begins, too, as after a pause of all', { candidates: LAST, others: [{ listening: true }], lost: true, begins: true }, false],
    ['without a key, the first candidate takes it', { noKey: true, others: [{ up: false }] }, true],
    ['... and no other, however long', { noKey: true, candidates: LAST, others: [{ up: false }], vacantMs: 100_000 }, false],
  ])('%s', (_, given, mine) => {
    expect(verdict(given).mine).toBe(mine);
  });
});

describe('another holds it', () => {
  test.each<[string, Case, boolean]>([
    ['a better candidate leaves it there', { others: [{ holds: true }] }, false],
    ['one with a better link takes it', { candidates: LAST, others: [{ holds: true, reach: OFF_LINK }] }, true],
    ['one with a worse link does not', { reach: OFF_LINK, others: [{ holds: true }] }, false],
  ])('%s', (_, given, mine) => {
    expect(verdict(given)).toMatchObject(mine ? { mine, contested: true } : { mine, holder: 'node-45' });
  });
});

describe('two hold it', () => {
  test.each<[string, Case, boolean]>([
    ['the better candidate keeps it', { held: true, others: [{ holds: true }] }, true],
    ['the worse one yields', { held: true, candidates: LAST, others: [{ holds: true }] }, false],
    ['one in its subnet keeps it from a better candidate outside', { held: true, candidates: LAST, others: [{ holds: true, reach: OFF_LINK }] }, true],
    ['one outside yields to a worse candidate inside', { held: true, reach: OFF_LINK, others: [{ holds: true }] }, false],
    ['where their lists differ, the newer plan keeps it', { held: true, candidates: LAST, others: [{ holds: true, otherList: true, revision: 4 }] }, true],
    ['... the older one yields', { held: true, others: [{ holds: true, otherList: true, revision: 6 }] }, false],
    ['... and of plans as new as each other the name decides', { held: true, candidates: LAST, others: [{ holds: true, otherList: true, revision: 5 }] }, true],
    ['one without an interface for it yields to anybody', { held: true, reach: NONE, others: [{ holds: true, reach: OFF_LINK }] }, false],
  ])('%s', (_, given, mine) => {
    expect(verdict(given)).toMatchObject(mine ? { mine, contested: true } : { mine, holder: 'node-45' });
  });
});
