import { Patience } from '../../src/speaker/patience';

let now: number;
const ended = jest.fn();
const patience = () => new Patience(5_000, ended, () => now);
const pass = (ms: number) => {
  now += ms;
  jest.advanceTimersByTime(ms);
};

beforeEach(() => {
  now = 0;
  ended.mockReset();
  jest.useFakeTimers({ doNotFake: ['performance'] });
});
afterEach(() => jest.useRealTimers());

test('the time has come after five seconds, once', () => {
  const subject = patience();
  expect(subject.isOver('a')).toBe(false);
  pass(4_999);
  expect([subject.isOver('a'), ended.mock.calls]).toEqual([false, []]);
  pass(1);
  expect(ended.mock.calls).toEqual([['a']]);
  expect([subject.isOver('b'), subject.isOver('a'), subject.isOver('a')]).toEqual([false, true, false]);
});

test('each time takes twice as long as the one before, up to ten minutes, and after twenty quiet minutes it begins anew', () => {
  const subject = patience(), seconds: number[] = [];
  const wait = () => {
    const begun = now;
    subject.isOver('a');
    while (ended.mock.calls.length === seconds.length) pass(1_000);
    subject.isOver('a');
    seconds.push((now - begun) / 1000);
  };
  for (let i = 0; i < 9; i++) wait();
  pass(19 * 60_000);
  wait();
  pass(20 * 60_000);
  wait();
  expect(seconds).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 5]);
});

test('what was cancelled does not come, and begins with the same time', () => {
  const subject = patience();
  subject.isOver('a');
  pass(4_000);
  subject.cancel('a');
  pass(2_000);
  expect([subject.isOver('a'), ended.mock.calls]).toEqual([false, []]);
  pass(5_000);
  subject.cancel('a'); // what it was about is settled, though its time had come
  expect(subject.isOver('a')).toBe(false);
  subject.stop();
  pass(60_000);
  expect(ended.mock.calls).toEqual([['a']]);
});
