import { changesOf, servedAgain } from '../bench/observer';
import { HttpEvent, LinkEvent } from '../lab';

const ms = (count: number) => count * 1e6;
const OLD = '02:00:5d:05:16:2c', NEW = '02:00:5d:05:16:2d';

describe('who answers after an event at 100 ms', () => {
  const answered = (at: number, mac: string): LinkEvent => ({ event: 'answered', t: ms(at), mac, gapNs: 0 });

  test.each<[string, LinkEvent[], { moved?: number; settled: number }]>([
    ['the same as before', [answered(0, OLD)], { moved: undefined, settled: 0 }],
    ['the same, after a pause', [answered(0, OLD), answered(180, OLD)], { moved: undefined, settled: 0 }],
    ['another', [answered(0, OLD), answered(400, NEW)], { moved: 300, settled: 300 }],
    ['another, then both in turn', [answered(0, OLD), answered(400, NEW), answered(410, OLD), answered(415, NEW)], { moved: 300, settled: 315 }],
    ['another, which is not lasting', [answered(0, OLD), answered(400, NEW), answered(410, OLD)], { moved: 300, settled: 310 }],
    ['what was before it does not count', [answered(50, NEW), answered(60, OLD)], { moved: undefined, settled: 0 }],
  ])('%s', (_, events, expected) => {
    expect(changesOf(events, OLD, ms(100))).toEqual(expected);
  });
});

describe('when pages come again after an event at 100 ms', () => {
  const page = (at: number): HttpEvent => ({ event: 'ok', t: ms(at), started: ms(at), ns: 0, body: 'pod' });
  const failure = (at: number): HttpEvent => ({ event: 'failed', t: ms(at), started: ms(at), ns: 0, error: 'timeout' });

  test.each<[string, HttpEvent[], number]>([
    ['they never stopped', [90, 100, 110, 120].map(page), 0],
    ['one connection was slow', [90, 100, 125, 130].map(page), 0],
    ['after an interruption', [90, 100, 410, 420].map(page), 310],
    ['after the longest of two', [90, 100, 140, 150, 410, 420].map(page), 310],
    ['failures are no pages', [page(90), page(100), failure(200), failure(210), page(410)], 310],
    ['an interruption before it does not count', [page(10), page(90), page(105), page(115)], 0],
  ])('%s', (_, events, expected) => {
    expect(servedAgain(events, ms(100))).toBe(expected);
  });
});
