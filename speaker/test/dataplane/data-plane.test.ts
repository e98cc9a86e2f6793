import os from 'os';
import { DataPlane, DataPlaneError } from '../../src/dataplane';
import { fromErrorValue, toErrorValue } from '../../src/dataplane/errors';
import { LanError } from '../../src/lan';
import { SysError } from '../../src/sys';

describe('options that cannot be used', () => {
  test.each([
    ['node', { node: '' }, /node "" cannot be used: give the name of a Node/],
    ['heartbeatPort', { heartbeatPort: 0 }, /heartbeatPort 0 cannot be used: give a whole number from 1 to 65535/],
    ['heartbeatPort', { heartbeatPort: 70_000 }, /from 1 to 65535/],
    ['heartbeatIntervalMs', { heartbeatIntervalMs: 5 }, /heartbeatIntervalMs 5 cannot be used: give a whole number from 10 to 10000/],
    ['heartbeatIntervalMs', { heartbeatIntervalMs: 99.5 }, /a whole number/],
    ['heartbeatMultiplier', { heartbeatMultiplier: 1 }, /from 2 to 50/],
    ['excludeInterfaces', { excludeInterfaces: '^(docker' }, /excludeInterfaces "\^\(docker" cannot be used: give a regular expression/],
    ['promiscuousInterfaces', { promiscuousInterfaces: '[' }, /promiscuousInterfaces/],
  ])('%s', async (_, options, message) => {
    const start = DataPlane.start({ node: 'a', heartbeatPort: 7946, ...options });
    await expect(start).rejects.toThrow(DataPlaneError);
    await expect(start).rejects.toMatchObject({ code: 'DATAPLANE_OPTION', message: expect.stringMatching(message) });
  });
});

describe('errors come over from the other thread', () => {
  const over = (error: unknown) => fromErrorValue(structuredClone(toErrorValue(error)));

  test('a failed system call with its name and advice', () => {
    const error = new SysError('socket', 1, { subject: 'packet socket' });
    expect(over(error)).toBeInstanceOf(SysError);
    expect(over(error)).toMatchObject({ code: 'EPERM', message: error.message, stack: error.stack });
  });

  test('an error with a code', () => {
    expect(over(new LanError('LAN_OPTIONS_INVALID', 'node'))).toMatchObject({ name: 'DataPlaneError', code: 'LAN_OPTIONS_INVALID', message: 'node' });
  });

  test.each([
    ['a defect', new TypeError('x is undefined'), 'x is undefined'],
    ['what is no error at all', 'nonsense', 'nonsense'],
  ])('%s, with the stack of where it was thrown', (_, error, message) => {
    const copy = over(error);
    expect(copy).toMatchObject({ code: 'DATAPLANE_DEFECT', message });
    expect(copy.stack).toContain('data-plane.test.ts');
  });
});

/** Files that a thread can be started from, but that are no data plane. */
describe('a thread that is none', () => {
  test('ends at once', async () => {
    await expect(DataPlane.start({ node: 'a', heartbeatPort: 7946, workerFile: require.resolve('./worker-ends.cjs') }))
      .rejects.toMatchObject({ code: 'DATAPLANE_ENDED', message: expect.stringContaining('ended by itself') });
  });

  test('does not load', async () => {
    await expect(DataPlane.start({ node: 'a', heartbeatPort: 7946, workerFile: '/nonexistent.js' })).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });
});

describe('a snapshot that comes in parts', () => {
  let plane: DataPlane;

  beforeEach(async () => {
    jest.spyOn(os, 'setPriority').mockReturnValue(); // the thread of these tests is needed for others
    plane = await DataPlane.start({ node: 'a', heartbeatPort: 7946, workerFile: require.resolve('./worker-parts.cjs') });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await plane.stop();
  });

  test('is put together, each for who asked for it; one that is not whole yet is given up by stop', async () => {
    const asked = [plane.snapshot(), plane.snapshot()];
    const never = expect(plane.snapshot()).rejects.toMatchObject({ code: 'DATAPLANE_STOPPED' });
    expect(await asked[0]).toEqual({ node: 'a', addresses: [{ address: 'first of 1' }, { address: 'last of 1' }] });
    expect(await asked[1]).toEqual({ node: 'a', addresses: [{ address: 'first of 2' }, { address: 'last of 2' }] });
    await plane.stop();
    await never;
  });

  test('leaves nothing behind when it comes too late', async () => {
    await expect(plane.snapshot(1)).rejects.toMatchObject({ code: 'DATAPLANE_TIMEOUT', message: 'the data plane gave no snapshot within 1 ms' });
    const second = plane.snapshot();
    await expect(plane.snapshot(1)).rejects.toMatchObject({ code: 'DATAPLANE_TIMEOUT' });
    expect((await second).addresses).toEqual([{ address: 'first of 2' }, { address: 'last of 2' }]);
  });
});
