import { Throttle } from '../../src/role';

const turns = (condition: () => boolean) => new Promise<void>((resolve) => {
  const look = () => (condition() ? resolve() : setImmediate(look));
  look();
});

test('runs at once, and once more for all that was requested meanwhile', async () => {
  let runs = 0, finish: () => void = () => undefined;
  const throttle = new Throttle(() => {
    runs += 1;
    return new Promise((resolve) => { finish = resolve; });
  }, 1, () => undefined);
  throttle.request();
  expect(runs).toBe(1);
  throttle.request();
  throttle.request();
  expect(runs).toBe(1);
  finish();
  await turns(() => runs === 2);
  finish();
  throttle.stop();
});

test('a run that fails is told and repeated', async () => {
  const told: string[] = [];
  let runs = 0;
  const throttle = new Throttle(async () => {
    runs += 1;
    if (runs < 3) {
      throw new Error(`failure ${runs}`);
    }
  }, 1, (error) => told.push(error.message));
  throttle.request();
  await turns(() => runs === 3);
  expect(told).toEqual(['failure 1', 'failure 2']);
});

test('begins no run after it was stopped', async () => {
  let runs = 0;
  const throttle = new Throttle(async () => { runs += 1; }, 1, () => undefined);
  throttle.stop();
  throttle.request();
  await turns(() => true);
  expect(runs).toBe(0);
});
