import { WorkQueue } from '../../src/role';

/** Work that a test ends by hand. */
function bench(concurrency: number, retryMs?: [number, number]) {
  const log: string[] = [];
  const open = new Map<string, { done(): void; fail(): void }>();
  const queue = new WorkQueue((key) => {
    log.push(key);
    return new Promise<void>((resolve, reject) => open.set(key, { done: resolve, fail: () => reject(new Error('refused')) }));
  }, concurrency, retryMs);
  const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  const then = (what: 'done' | 'fail') => async (key: string) => {
    open.get(key)![what]();
    await turn();
  };
  return { log, queue, turn, end: then('done'), fail: then('fail') };
}

test('works on a key once however often it was added in one turn', async () => {
  const { log, queue, turn } = bench(2);
  ['a', 'b', 'a'].forEach((key) => queue.add(key));
  await turn();
  expect(log).toEqual(['a', 'b']);
});

test('works on no more keys at a time than allowed, in the order in which they came', async () => {
  const { log, queue, turn, end } = bench(2);
  ['a', 'b', 'c', 'd'].forEach((key) => queue.add(key));
  await turn();
  expect([log, queue.depth, queue.inFlight]).toEqual([['a', 'b'], 2, 2]);
  await end('b');
  expect(log).toEqual(['a', 'b', 'c']);
});

test('a key that changes while it is worked on comes again afterwards, never twice at a time', async () => {
  const { log, queue, turn, end } = bench(4);
  queue.add('a');
  await turn();
  queue.add('a');
  await turn();
  expect(log).toEqual(['a']);
  await end('a');
  expect(log).toEqual(['a', 'a']);
});

test('work that fails comes again', async () => {
  const { log, queue, turn, fail } = bench(1, [1, 4]);
  queue.add('a');
  await turn();
  await fail('a');
  while (log.length < 2) {
    await turn();
  }
  expect(log).toEqual(['a', 'a']);
});

test('stops when what is under way has ended, and takes no more', async () => {
  const { log, queue, turn, end } = bench(1);
  queue.add('a');
  queue.add('b');
  await turn();
  let stopped = false;
  const stopping = queue.stop().then(() => { stopped = true; });
  await turn();
  expect(stopped).toBe(false);
  await end('a');
  await stopping;
  queue.add('c');
  await turn();
  expect(log).toEqual(['a']);
});
