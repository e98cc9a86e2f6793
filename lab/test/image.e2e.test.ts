import { execFileSync } from 'child_process';
import * as path from 'path';
import { Cluster, VIRTUAL_ADDRESS } from '..';
import { CRDS, addressPool, holder, l2Advertisement, service } from './support';

/*
 * The image as it is shipped: built, loaded into podman, and its speaker on a node of the lab, with the privileges that the manifests give it.
 */

const IMAGE = 'localhost/home-load-balancer:e2e';
const ROOT = path.resolve(__dirname, '../..');
/** Without a daemon, and without the right to raise limits, as in a container of a build machine. */
const PODMAN = ['podman', '--runtime', 'runc', 'run', '--rm', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
/** In the mounts of this process: those that a namespace of the lab sees lack the cgroups, without which there is no container. */
const OUTSIDE_MOUNTS = ['nsenter', `--mount=/proc/${process.pid}/ns/mnt`, '--'];
const PRIVILEGES = ['--read-only', '--cap-drop', 'ALL', '--cap-add', 'NET_RAW', '--security-opt', 'no-new-privileges'];

beforeAll(() => {
  execFileSync('npx', ['tsx', 'projenrc/image.ts', 'e2e', '--load'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}, 180_000);

test('the image says its version, and its native part works without any capability', () => {
  const said = execFileSync(PODMAN[0], [...PODMAN.slice(1), '--network', 'none', '--read-only', '--cap-drop', 'ALL', IMAGE, '--version'], { encoding: 'utf8' });
  expect(said).toMatch(/^home-load-balancer \d+\.\d+\.\d+ \(node 24\.\d+\.\d+, linux-\w+, native calls work\)\n$/);
});

test('the speaker from the image answers for a Service, with NET_RAW as its only capability', async () => {
  const cluster = await Cluster.start({ nodes: 2 });
  try {
    await cluster.apply(CRDS);
    await cluster.startController();
    const { directory } = cluster.network.run;
    await cluster.startSpeaker('n2', {
      program: [...OUTSIDE_MOUNTS, ...PODMAN, ...PRIVILEGES, '--network', 'host', '--volume', `${directory}:${directory}:ro`, IMAGE],
      readyTimeoutMs: 60_000,
    });
    await cluster.apply(addressPool('home', [VIRTUAL_ADDRESS]), l2Advertisement('home'), service('web'));
    await cluster.serve({ name: 'web' });
    expect(await cluster.addressesOf({ name: 'web' })).toEqual([VIRTUAL_ADDRESS]);
    expect(await holder(cluster)).toBe('n2');
  } finally {
    await cluster.stop();
  }
}, 180_000);
