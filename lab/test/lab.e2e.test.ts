import { spawn } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { ask, LabError, LinkEvent, monotonicNs, Network, nodeSpecs, Run, WAN_ADDRESS, watchHttp, watchLink } from '..';
import { prober } from '../cache';
import { listNamespaces, processesIn } from '../netns';
import { eventually } from './support';

const SERVER = 'const http = require("http"); http.createServer((_, reply) => reply.end(process.argv[1] + "\\n")).listen(+process.argv[2], "0.0.0.0")';

/** A web server in a node, which says where it is. */
function serve(network: Network, node: string, port: number): void {
  network.start(node, { name: `web-${node}-${port}`, argv: [process.execPath, '-e', SERVER, node, `${port}`] });
}

/** A dead process whose parent does not care keeps its entry, as a zombie. */
function lives(pid: number): boolean {
  return fs.existsSync(`/proc/${pid}`) && !/^State:\s*[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
}

async function carrier(network: Network, place: string, name: string): Promise<string> {
  return (await network.exec(place, ['cat', `/sys/class/net/${name}/carrier`])).stdout.trim();
}

describe('a LAN of three nodes', () => {
  let network: Network;

  beforeAll(async () => {
    network = await Network.create({ nodes: 3 });
  });
  afterAll(async () => network.destroy());

  test.each([
    ['IPv4', 'address'],
    ['IPv6', 'address6'],
  ] as const)('each node answers for its own %s address, and nobody else does', async (_, family) => {
    for (const node of network.nodes) {
      expect(await ask(network, node[family], { count: 20 })).toMatchObject({ asked: 20, answered: 20, extra: 0, macs: { [node.mac]: 20 } });
    }
  });

  test('nobody answers for an address that nobody has', async () => {
    expect(await ask(network, '93.5.22.100', { count: 3, timeoutMs: 50 })).toMatchObject({ answered: 0, macs: {} });
  });

  test('a bare program answers for an address as long as it runs, whichever processors take frames in', async () => {
    const bare = network.start('n2', { name: 'bare', argv: [await prober(), 'answer', '93.5.22.101'] });
    await bare.untilOutput(/"start"/);
    for (const masks of [{ node: 1, switch: 2 }, { node: 0, switch: 0 }]) {
      await network.setReceivers('n2', masks);
      expect(await ask(network, '93.5.22.101', { count: 20 })).toMatchObject({ asked: 20, answered: 20, extra: 0, macs: { [network.node('n2').mac]: 20 } });
      expect(await ask(network, '93.5.22.102', { count: 3, timeoutMs: 50 })).toMatchObject({ answered: 0 });
    }
    await bare.stop();
    expect(bare.stdout()).toContain('"event":"summary","answered":40}');
    expect(await ask(network, '93.5.22.101', { count: 3, timeoutMs: 50 })).toMatchObject({ answered: 0 });
  });

  test('nodes reach one another, and the control plane, by the management network', async () => {
    for (const address of ['10.77.0.1', '10.77.0.46', '93.5.22.46']) {
      const found = await network.exec('n1', ['ip', 'route', 'get', address]);
      expect(found.stdout).toContain(address.startsWith('10.77') ? 'dev mgmt0' : 'dev eth0');
    }
    expect(await ask(network, '93.5.22.46', { from: 'n1', count: 1 })).toMatchObject({ answered: 1 });
  });

  test('a pulled cable takes the carrier away and leaves the management network', async () => {
    expect(await carrier(network, 'n2', 'eth0')).toBe('1');
    await network.pullCable('n2');
    expect(await carrier(network, 'n2', 'eth0')).toBe('0');
    expect(await carrier(network, 'n2', 'mgmt0')).toBe('1');
    expect(await ask(network, network.node('n2').address, { count: 2, timeoutMs: 50 })).toMatchObject({ answered: 0 });
    await network.plugCable('n2');
    expect(await carrier(network, 'n2', 'eth0')).toBe('1');
    expect(await ask(network, network.node('n2').address, { count: 2 })).toMatchObject({ answered: 2 });
  });

  test('the management cable can be pulled alone', async () => {
    await network.pullManagement('n3');
    expect(await carrier(network, 'n3', 'mgmt0')).toBe('0');
    expect(await carrier(network, 'n3', 'eth0')).toBe('1');
    await network.plugManagement('n3');
    expect(await carrier(network, 'n3', 'mgmt0')).toBe('1');
  });

  test('interfaces come and go while a node runs', async () => {
    await network.addInterface('n1', 'eth1', ['93.5.22.144/24']);
    expect(await ask(network, '93.5.22.144', { count: 2 })).toMatchObject({ answered: 2 });
    await network.removeInterface('n1', 'eth1');
    expect(await ask(network, '93.5.22.144', { count: 2, timeoutMs: 50 })).toMatchObject({ answered: 0 });
  });

  test('a LAN cut in two keeps its carriers; healed, all hear one another again', async () => {
    await network.cutLan(['n3']);
    expect(await carrier(network, 'n3', 'eth0')).toBe('1');
    expect(await ask(network, network.node('n3').address, { count: 2, timeoutMs: 50 })).toMatchObject({ answered: 0 });
    expect(await ask(network, network.node('n1').address, { count: 2 })).toMatchObject({ answered: 2 });
    await network.healLan();
    expect(await ask(network, network.node('n3').address, { count: 2 })).toMatchObject({ answered: 2 });
  });

  test('a blockade stops one port in one direction, and no ARP', async () => {
    serve(network, 'n2', 8081);
    const http = await watchHttp(network, network.node('n2').address, { port: 8081, from: 'n1', intervalMs: 20, timeoutMs: 200 });
    await http.until((event) => event.event === 'ok', 'first answer');
    await network.block({ from: 'n1', to: 'n2', protocol: 'tcp', port: 8081 });
    await http.until((event) => event.event === 'failed' && event.error === 'timeout', 'blockade');
    expect(await ask(network, network.node('n2').address, { count: 2, from: 'n1' })).toMatchObject({ answered: 2 });
    const lifted = monotonicNs();
    await network.unblock();
    await http.until((event) => event.event === 'ok' && event.t > lifted, 'end of the blockade');
    expect((await http.stop()).failed).toBeGreaterThan(0);
  });

  test('the router forwards the web from the internet to the virtual address', async () => {
    await network.exec('n1', ['ip', 'addr', 'add', '93.5.22.100/32', 'dev', 'eth0']); // the kernel in the part of a speaker
    serve(network, 'n1', 80);
    const http = await watchHttp(network, WAN_ADDRESS, { from: 'internet' });
    expect(await http.until((event) => event.event === 'ok', 'a page from the internet')).toMatchObject({ body: 'n1' });
    expect((await http.stop()).ok).toBeGreaterThan(0);
    await network.exec('n1', ['ip', 'addr', 'del', '93.5.22.100/32', 'dev', 'eth0']);
  });

  test('a watch sees who answers, when nobody does, and gratuitous packets', async () => {
    const { address, mac } = network.node('n3');
    const watch = await watchLink(network, address, { intervalMs: 5 });
    await watch.until((event) => event.event === 'answered' && event.mac === mac, 'answer');
    await network.pullCable('n3');
    await watch.until((event) => event.event === 'unanswered', 'silence');
    await network.exec('n3', ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_notify']);
    await network.plugCable('n3');
    await network.exec('n3', ['ip', 'link', 'set', 'eth0', 'address', mac]); // makes the kernel announce its address
    await watch.until((event) => event.event === 'gratuitous', 'gratuitous ARP');
    const answered = () => watch.events().filter((event) => event.event === 'answered') as Extract<LinkEvent, { event: 'answered' }>[];
    await eventually(() => expect(answered()).toHaveLength(2)); // the announcement may come before the next question
    const summary = await watch.stop();
    const answers = answered();
    expect(answers).toHaveLength(2);
    expect(answers[1].gapNs).toBe(summary.longestGapNs);
    expect(summary.macs).toEqual([mac]);
  });

  test('a power cut ends every process at once, without a goodbye; a cold boot starts with nothing', async () => {
    const { address, mac } = network.node('n2');
    serve(network, 'n2', 8082);
    const http = await watchHttp(network, address, { port: 8082, intervalMs: 20, timeoutMs: 300 });
    await http.until((event) => event.event === 'ok', 'answer before the cut');
    const cut = monotonicNs();
    await network.powerOff('n2');
    expect(network.isPowered('n2')).toBe(false);
    const failure = await http.until((event) => event.event === 'failed' && event.t > cut, 'failure');
    expect(failure).toMatchObject({ error: 'timeout' }); // neither reset nor refused
    expect(processesIn(network.namespace('n2'))).toEqual([]);

    const boot = monotonicNs();
    await network.powerOn('n2');
    expect(await ask(network, address, { count: 2 })).toMatchObject({ macs: { [mac]: 2 } });
    await http.until((event) => event.event === 'failed' && event.t > boot && event.error === 'Connection refused', 'a node without the server');
    await http.stop();
  });
});

describe('what is left behind', () => {
  test('nothing, after destroy', async () => {
    const network = await Network.create({ nodes: 1 });
    const { prefix, directory } = network.run;
    const server = network.start('n1', { name: 'sleeper', argv: ['sleep', '1000'] });
    expect(listNamespaces().filter((name) => name.startsWith(prefix))).toHaveLength(6);
    await network.destroy();
    expect(listNamespaces().filter((name) => name.startsWith(prefix))).toEqual([]);
    expect(fs.existsSync(directory)).toBe(false);
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  const PROGRAM = `
    const { Network } = require(${JSON.stringify(path.resolve(__dirname, '..'))});
    void Network.create({ nodes: 1 }).then((network) => {
      const sleeper = network.start('n1', { name: 'sleeper', argv: ['sleep', '1000'] }).pid;
      console.log(JSON.stringify({ prefix: network.run.prefix, directory: network.run.directory, sleeper }));
      setInterval(() => undefined, 1000);
    });`;

  test.each(['SIGINT', 'SIGKILL'] as const)('nothing, after %s and the start of the next run', async (signal) => {
    const program = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), '-e', PROGRAM], { cwd: path.resolve(__dirname, '../..') });
    const line = await new Promise<string>((resolve, reject) => {
      program.stdout.once('data', (data: Buffer) => resolve(data.toString()));
      program.stderr.once('data', (data: Buffer) => reject(new Error(data.toString())));
    });
    const { prefix, directory, sleeper } = JSON.parse(line) as { prefix: string; directory: string; sleeper: number };
    expect(lives(sleeper)).toBe(true);
    const ended = new Promise((resolve) => program.once('exit', resolve));
    program.kill(signal);
    await ended;
    if (signal === 'SIGKILL') {
      expect(listNamespaces()).toContain(`${prefix}n1`); // it had no chance
      await Run.begin().end();
    }
    expect(listNamespaces().filter((name) => name.startsWith(prefix))).toEqual([]);
    expect(fs.existsSync(directory)).toBe(false);
    expect(lives(sleeper)).toBe(false);
  });
});

describe('mistakes are named', () => {
  test.each([
    [[], /0 nodes: allowed are 1 to 50/],
    [['N1'], /node name 'N1'/],
    [['a', 'a'], /node name 'a': it must be unique/],
    [['client'], /none of switch, client, router/],
  ])('node names %j', (names, message) => {
    const attempt = () => nodeSpecs(names, 'lan');
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(LabError);
  });

  test('a node that is not there', async () => {
    const network = await Network.create({ nodes: 1 });
    await expect(network.pullCable('n9')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: "there is no node 'n9'; there are n1" });
    await network.destroy();
  });
});
