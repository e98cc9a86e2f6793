afterEach(() => {
  jest.resetModules();
  Object.defineProperty(process, 'platform', { value: 'linux' });
});

test.each([
  ['darwin', process.arch], ['win32', process.arch], ['linux', 's390x'], ['linux', 'arm'],
])('on %s/%s the room can be imported, and a system call says where it would work', async (platform, arch) => {
  const real = { platform: process.platform, arch: process.arch };
  Object.defineProperty(process, 'platform', { value: platform });
  Object.defineProperty(process, 'arch', { value: arch });
  try {
    const sys = await import('../../src/sys');
    expect(() => sys.bootTime()).toThrow(sys.SysError);
    expect(() => sys.bootTime()).toThrow(expect.objectContaining({ code: 'ENOSYS', message: expect.stringContaining(`${platform}/${arch}`) }));
    expect(() => sys.bootTime()).toThrow(/run this in a Linux container/);
  } finally {
    Object.defineProperty(process, 'platform', { value: real.platform });
    Object.defineProperty(process, 'arch', { value: real.arch });
  }
});

test('a koffi without its native part is a typed error with the cause', async () => {
  jest.doMock('koffi', () => { throw new Error('Cannot find the native Koffi module'); });
  const sys = await import('../../src/sys');
  expect(() => sys.bootTime()).toThrow(expect.objectContaining({ code: 'ENOSYS', message: expect.stringContaining('Cannot find the native Koffi module') }));
});
