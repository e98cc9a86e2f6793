/*
 * Shows the reference home from `cdk8s synth` to failover, on a LAN in network namespaces of this machine; nothing outside is touched.
 *
 *   npm run demo [-- --api real] [-- --keep]
 *
 * Ends with 0 if the address came back after the power cut, 1 if not, 2 for a wrong option, 69 if this machine cannot run it.
 */
import * as fs from 'fs';
import * as path from 'path';
import * as readline from 'readline/promises';
import { setTimeout as sleep } from 'timers/promises';
import { parseArgs } from 'util';
import { prober } from './cache';
import { Cluster } from './cluster';
import { run } from './command';
import { tsxCommand } from './control-plane';
import { ensurePrivileges } from './privileges';
import { ask, HttpSummary, LinkSummary, monotonicNs, watchHttp, watchLink } from './prober';
import { Manifest, readManifests } from './resources';
import { Run } from './run';
import { CLIENT, INTERNET_ADDRESS, NodeSpec, VIRTUAL_ADDRESS, WAN_ADDRESS } from './topology';

const UNAVAILABLE = 69; // EX_UNAVAILABLE of sysexits(3)
const NODES = ['workstation', 'workstation-2', 'workstation-3'];
const EXAMPLE = path.resolve(__dirname, '../examples/home/main.ts');
const PROGRAM = path.resolve(__dirname, '../speaker/dist/main.js');

const begun = monotonicNs();

function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Does one step and prints when it was done, what it was and what came of it. */
async function step<T>(what: string, work: () => Promise<T>, result?: (value: T) => string): Promise<T> {
  if (process.stdout.isTTY) process.stdout.write(`        … ${what}`);
  const value = await work();
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  const outcome = result?.(value);
  say(`${((monotonicNs() - begun) / 1e9).toFixed(1).padStart(5)} s  ${what}${outcome ? `: ${outcome}` : ''}`);
  return value;
}

function milliseconds(ns: number): string {
  return `${Math.round(ns / 1e6)} ms`;
}

/** `cdk8s synth` of examples/home: definitions first. */
async function synthesize(directory: string): Promise<Manifest[]> {
  const { code, stderr } = await run(tsxCommand(EXAMPLE), {
    check: false,
    env: { ...process.env, CDK8S_OUTDIR: directory, TSX_TSCONFIG_PATH: path.resolve(__dirname, '../examples/tsconfig.json') },
  });
  if (code !== 0) throw new Error(`examples/home cannot be synthesized: ${/^\w*Error.*$/m.exec(stderr)?.[0] ?? stderr}`);
  const files = fs.readdirSync(directory).filter((name) => name.endsWith('.yaml')).map((name) => path.join(directory, name));
  return files.flatMap(readManifests).sort((a, b) => Number(b.kind === 'CustomResourceDefinition') - Number(a.kind === 'CustomResourceDefinition'));
}

/** "1 IPAddressPool, 3 Services" and so on, those that matter here. */
function countKinds(objects: readonly Manifest[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const shown = ['IPAddressPool', 'L2Advertisement', 'Service', 'DaemonSet', 'Deployment'].filter((kind) => counts.has(kind));
  return `${objects.length} objects, among them ${shown.map((kind) => `${counts.get(kind)} ${kind}${counts.get(kind) === 1 ? '' : 's'}`).join(', ')}`;
}

interface BalancedService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: string;
}

function balancedServices(objects: readonly Manifest[]): BalancedService[] {
  return objects.filter(({ kind, spec }) => kind === 'Service' && (spec as { type?: string }).type === 'LoadBalancer').map(({ metadata, spec }) => ({
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    ports: (spec as { ports: { port: number; protocol?: string }[] }).ports.map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`).join(', '),
  }));
}

/** What an outsider saw of the power cut. */
interface Failover {
  readonly before: NodeSpec;
  readonly after: NodeSpec;
  readonly link: LinkSummary;
  readonly http: HttpSummary;
  readonly firstGratuitousNs?: number;
}

async function failover(cluster: Cluster, before: NodeSpec): Promise<Failover> {
  const link = await watchLink(cluster.network, VIRTUAL_ADDRESS, { intervalMs: 5, darkMs: 50 });
  const http = await watchHttp(cluster.network, VIRTUAL_ADDRESS, { intervalMs: 10 });
  await http.until((event) => event.event === 'ok', 'page before the power cut');
  await link.until((event) => event.event === 'answered', 'answer before the power cut');
  await sleep(1_000); // some history, so that the longest gap is the power cut's
  const cut = monotonicNs();
  await cluster.powerOff(before.name);
  const answer = await link.until((event) => event.event === 'answered' && event.t > cut && event.mac !== before.mac, 'answer of another node');
  await http.until((event) => event.event === 'ok' && event.t > answer.t, 'page after the power cut');
  await sleep(1_000); // two answerers would show themselves now
  const announced = link.events().find((event) => event.event === 'gratuitous' && event.t > cut && event.mac !== before.mac);
  const mac = (answer as { mac: string }).mac;
  const after = cluster.nodes.find((node) => node.mac === mac)!;
  return { before, after, link: await link.stop(), http: await http.stop(), firstGratuitousNs: announced && announced.t - cut };
}

function summary(services: readonly (BalancedService & { addresses: string[] })[], result: Failover): void {
  const { before, after, link, http } = result;
  const width = Math.max(...services.map(({ namespace, name }) => namespace.length + name.length + 1));
  say();
  say('What a user has');
  for (const { namespace, name, addresses, ports } of services) say(`  ${`${namespace}/${name}`.padEnd(width)}  ${addresses.join(', ')}  ${ports}`);
  say();
  say(`What the client saw when ${before.name} lost its power (asked from outside, every 5 ms by ARP, every 10 ms by HTTP)`);
  say(`  ARP    dark for ${milliseconds(link.longestGapNs)}; ${before.name} (${before.mac}) → ${after.name} (${after.mac})`);
  say(`  HTTP   dark for ${milliseconds(http.longestGapNs)}; ${http.ok} of ${http.attempts} new connections served`);
  if (result.firstGratuitousNs !== undefined) say(`  LAN    told by gratuitous ARP ${milliseconds(result.firstGratuitousNs)} after the power cut`);
  say(`  nobody else ever answered for ${VIRTUAL_ADDRESS}: ${link.macs.length} link-layer addresses seen, those two`);
}

/** Commands to look around with. */
function lookAround(cluster: Cluster, userNamespace: boolean): void {
  const enter = userNamespace ? `nsenter -t ${process.pid} -U -m -n --preserve-credentials ` : '';
  const inside = (place: string, command: string): string => `  ${enter}ip netns exec ${cluster.network.namespace(place)} ${command}`;
  say();
  say('The lab is kept. To look around, in another terminal:');
  say(inside('client', `curl -s http://${VIRTUAL_ADDRESS}/`));
  say(inside('client', 'ip neigh'));
  say(inside('internet', `curl -s http://${WAN_ADDRESS}/`));
  say(inside(NODES[1], 'bash'));
  say(`  ${enter}kubectl --kubeconfig ${cluster.control.outsideKubeconfig} get services,pods -A -o wide`);
  say(`  logs: ${cluster.network.run.directory}`);
}

async function demo(api: 'embedded' | 'real', keep: boolean, userNamespace: boolean): Promise<boolean> {
  say(`A home in network namespaces: nodes ${NODES.join(', ')} (93.5.22.44 to .46), a client, a router with the internet behind it.`);
  say();
  await step('outside prober compiled (in the cache after the first time)', prober);
  const scope = Run.begin();
  const objects = await step('synth of examples/home', async () => synthesize(path.join(scope.directory, 'manifests')), countKinds);
  const cluster = await step(`LAN and ${api} API server`, async () => Cluster.start({ api, nodes: NODES }, scope));
  try {
    await step('applied by server-side apply', async () => cluster.apply(...objects));
    const services = balancedServices(objects);
    await step('servers behind the Services (the lab has no kubelet; it stands for the pods)', async () => {
      for (const service of services) await cluster.serve(service);
    });
    await step('controller and three speakers ready', async () => Promise.all([
      cluster.startController(), ...NODES.map(async (node) => cluster.startSpeaker(node)),
    ]));
    const addressed = await step('Services have their address', async () => Promise.all(
      services.map(async (service) => ({ ...service, addresses: await cluster.addressesOf(service) })),
    ), (found) => [...new Set(found.flatMap(({ addresses }) => addresses))].join(', '));
    const owner = await step(`client ${CLIENT.address} asks by ARP who has ${VIRTUAL_ADDRESS}`, async () => {
      const link = await watchLink(cluster.network, VIRTUAL_ADDRESS);
      await link.until((event) => event.event === 'answered', 'ARP answer');
      await link.stop();
      const { macs } = await ask(cluster.network, VIRTUAL_ADDRESS, { count: 200 });
      if (Object.keys(macs).length !== 1) throw new Error(`expected one answerer, heard ${JSON.stringify(macs)}`);
      return cluster.nodes.find((node) => macs[node.mac])!;
    }, (node) => `${node.name} (${node.mac})`);
    // So that what is measured is the address alone: Kubernetes takes some 40 s to notice that pods died with their node.
    for (const service of services) await cluster.serve(service, NODES.filter((node) => node !== owner.name));
    const page = async (place: string, address: string): Promise<string> => {
      const http = await watchHttp(cluster.network, address, { from: place });
      const first = await http.until((event) => event.event === 'ok', `page from http://${address}/`);
      await http.stop();
      return `answered by the pod on ${(first as { body: string }).body}`;
    };
    await step(`client fetches http://${VIRTUAL_ADDRESS}/`, async () => page('client', VIRTUAL_ADDRESS), String);
    await step(`internet (${INTERNET_ADDRESS}) fetches http://${WAN_ADDRESS}/ through the router`, async () => page('internet', WAN_ADDRESS), String);
    const result = await step(`power cut of ${owner.name}`, async () => failover(cluster, owner), ({ after }) => `${after.name} answers now`);
    summary(addressed, result);
    if (keep) {
      lookAround(cluster, userNamespace);
      const terminal = readline.createInterface({ input: process.stdin, output: process.stdout });
      await terminal.question('Enter ends it. ');
      terminal.close();
    }
    return result.link.macs.length === 2;
  } finally {
    await cluster.stop();
    say();
    say(`Everything removed. ${((monotonicNs() - begun) / 1e9).toFixed(1)} s in all.`);
  }
}

/** As far as any machine can go: the objects, and what would be done with them. */
async function planOnly(reason: string): Promise<void> {
  const scratch = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'hlb-demo-'));
  const objects = await step('synth of examples/home', async () => synthesize(scratch), countKinds).finally(() => fs.rmSync(scratch, { recursive: true, force: true }));
  for (const { namespace, name, ports } of balancedServices(objects)) say(`         ${namespace}/${name} would get ${VIRTUAL_ADDRESS}, ports ${ports}`);
  say();
  say('The next steps would be: a LAN of three nodes, a client and a router in network namespaces; an API server; controller and speakers;');
  say(`asking for ${VIRTUAL_ADDRESS} from the client; a power cut of the node that answers; and how long the address was dark.`);
  say();
  say(`It stops here: ${reason}.`);
}

async function main(): Promise<number> {
  let options: { api: string; keep: boolean };
  try {
    options = parseArgs({ options: { api: { type: 'string', default: 'embedded' }, keep: { type: 'boolean', default: false } } }).values as typeof options;
    if (options.api !== 'embedded' && options.api !== 'real') throw new Error(`--api ${options.api}: allowed are embedded and real`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nusage: npm run demo [-- [--api embedded|real] [--keep]]\n`);
    return 2;
  }
  const found = await ensurePrivileges();
  if (found.mode === 'none') {
    await planOnly(found.missing);
    return UNAVAILABLE;
  }
  if (!fs.existsSync(PROGRAM)) {
    process.stderr.write(`${PROGRAM} is not there; npm run demo builds it first, or: cd speaker && npx projen bundle\n`);
    return UNAVAILABLE;
  }
  try {
    return await demo(options.api as 'embedded' | 'real', options.keep, found.mode === 'userns') ? 0 : 1;
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${(error as Error).message}\nWith LAB_KEEP_LOGS=1 its logs stay, in ${process.env.TMPDIR ?? '/tmp'}/hlb-lab-*.\n`);
    return 1;
  }
}

void main().then((code) => process.exit(code));
