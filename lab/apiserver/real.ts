import { ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, isIPv6 } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { selfSigned } from './certificates';
import { kubeconfigOf } from './kubeconfig';

export interface RealApiServerOptions {
  /** Folder with `etcd` and `kube-apiserver`. @default - `KUBEBUILDER_ASSETS`, else the newest in the cache that `lab/build-kube.sh` fills */
  readonly binaries?: string;
  /** Address that the API server listens on. @default 127.0.0.1 */
  readonly bindAddress?: string;
  /** @default - a free one */
  readonly port?: number;
  /** Put before each command: `['ip', 'netns', 'exec', 'lab-node1']`. @default - none */
  readonly prefix?: readonly string[];
  /** More names and addresses for the certificate. */
  readonly names?: readonly string[];
  /** `--service-cluster-ip-range`. @default 10.96.0.0/16 */
  readonly serviceClusterIpRanges?: readonly string[];
  /** More flags for kube-apiserver. */
  readonly flags?: readonly string[];
  /** Longest wait until it is ready, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
}

/** A running etcd and kube-apiserver. */
export interface RealApiServer {
  /** Path of a kubeconfig with full rights. */
  readonly kubeconfig: string;
  readonly url: string;
  /** Of etcd and of kube-apiserver. */
  readonly pids: readonly [number, number];
  /** Folder with certificates and logs; removed by {@link stop}. */
  readonly directory: string;
  /** Kills both and removes what they wrote. */
  stop(): Promise<void>;
  /** SIGSTOP for the API server: connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
  /** Makes etcd forget its history up to now. */
  compact(): Promise<void>;
}

/** Where the binaries are. @throws Error saying how to get them */
export function kubeBinaries(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'home-load-balancer', 'kube');
  let cached: string[] = [];
  try {
    cached = readdirSync(cache).sort().reverse().map((name) => join(cache, name));
  } catch {
    // no cache yet
  }
  const found = [process.env.KUBEBUILDER_ASSETS ?? '', ...cached].find((folder) => folder !== '' && ['etcd', 'kube-apiserver'].every((name) => executable(join(folder, name))));
  if (!found) throw new Error(`etcd and kube-apiserver are neither in KUBEBUILDER_ASSETS nor below ${cache}; run lab/build-kube.sh`);
  return found;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts etcd and kube-apiserver, everything they write in a folder of its own, and waits until they are ready (about 3 s). */
export async function startRealApiServer(options: RealApiServerOptions = {}): Promise<RealApiServer> {
  const { bindAddress = '127.0.0.1', prefix = [], serviceClusterIpRanges = ['10.96.0.0/16'] } = options;
  const binaries = options.binaries ?? kubeBinaries();
  const directory = mkdtempSync(join(tmpdir(), 'real-apiserver-'));
  const [etcdPort, peerPort, apiPort] = await freePorts(3);
  const port = options.port ?? apiPort;
  const { cert, key } = selfSigned(directory, 'server', [...new Set([bindAddress, '127.0.0.1', 'localhost', ...options.names ?? []])]);
  const serviceAccounts = selfSigned(directory, 'service-accounts', ['localhost']);
  const token = 'lab-admin';
  writeFileSync(join(directory, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const url = `https://${isIPv6(bindAddress) ? `[${bindAddress}]` : bindAddress}:${port}`;
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf({ server: url, ca: readFileSync(cert).toString('base64'), token }), { mode: 0o600 });

  const etcdUrl = `http://127.0.0.1:${etcdPort}`, peerUrl = `http://127.0.0.1:${peerPort}`;
  const etcd = start('etcd', directory, [
    ...prefix, join(binaries, 'etcd'), '--data-dir', join(directory, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn',
    '--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl, '--listen-peer-urls', peerUrl,
    '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`,
  ]);
  const loopback = bindAddress === '::1' || bindAddress.startsWith('127.');
  const apiserver = start('kube-apiserver', directory, [
    ...prefix, join(binaries, 'kube-apiserver'), '--etcd-servers', etcdUrl, '--bind-address', bindAddress, '--secure-port', String(port),
    // Endpoints of the Service "kubernetes" may not be loopback addresses; nobody uses that Service then.
    ...(loopback ? ['--advertise-address', '192.0.2.1', '--endpoint-reconciler-type', 'none'] : ['--advertise-address', bindAddress]),
    '--tls-cert-file', cert, '--tls-private-key-file', key, '--token-auth-file', join(directory, 'tokens.csv'), '--anonymous-auth=false',
    '--authorization-mode', 'RBAC', '--allow-privileged=true', '--disable-admission-plugins', 'ServiceAccount',
    '--service-cluster-ip-range', serviceClusterIpRanges.join(','), '--service-account-issuer', 'https://kubernetes.default.svc',
    '--service-account-key-file', serviceAccounts.cert, '--service-account-signing-key-file', serviceAccounts.key, ...options.flags ?? [],
  ]);
  const stop = async () => {
    await Promise.all([apiserver, etcd].map(kill));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await ready([...prefix], url, cert, token, options.timeoutMs ?? 60_000, apiserver);
  } catch (error) {
    const logs = ['etcd', 'kube-apiserver'].map((name) => `${name}: ${readFileSync(join(directory, `${name}.log`), 'utf8').trim().slice(-1500)}`);
    await stop();
    throw new Error(`the API server did not get ready: ${(error as Error).message}\n${logs.join('\n')}`);
  }
  return {
    kubeconfig,
    url,
    pids: [etcd.pid!, apiserver.pid!],
    directory,
    stop,
    pause: () => void apiserver.kill('SIGSTOP'),
    resume: () => void apiserver.kill('SIGCONT'),
    compact: async () => { await node([...prefix], COMPACT, [etcdUrl]); },
  };
}

/** `setpriv`: the kernel ends the server if we end in a way that leaves no time for it. */
function start(name: string, directory: string, argv: readonly string[]): ChildProcess {
  const log = openSync(join(directory, `${name}.log`), 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill('SIGKILL');
  await exited;
}

async function ready(prefix: string[], url: string, ca: string, token: string, timeoutMs: number, apiserver: ChildProcess): Promise<void> {
  const ended = new Promise<never>((_, reject) => { apiserver.once('exit', (code) => reject(new Error(`kube-apiserver ended with code ${code}`))); });
  await Promise.race([node(prefix, READY, [url, token, String(timeoutMs)], { NODE_EXTRA_CA_CERTS: ca }), ended]);
}

/** Runs a script where the servers run: their addresses may exist in that network namespace only. */
async function node(prefix: string[], script: string, parameters: string[], env: Record<string, string> = {}): Promise<void> {
  const [command, ...rest] = [...prefix, process.execPath, '-e', script, ...parameters];
  await promisify(execFile)(command, rest, { env: { ...process.env, NODE_OPTIONS: '', ...env } });
}

const READY = `
const [url, token, timeout] = process.argv.slice(1);
const deadline = Date.now() + Number(timeout);
(async () => {
  for (let last = 'no answer'; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 50))) {
    try {
      const reply = await fetch(url + '/readyz', { headers: { authorization: 'Bearer ' + token } });
      if (reply.ok) return;
      last = reply.status + ' ' + await reply.text();
    } catch (error) { last = String(error.cause ?? error); }
    if (Date.now() + 50 > deadline) { console.error(last); process.exit(1); }
  }
})();`;

const COMPACT = `
(async () => {
  const post = async (path, body) => {
    const reply = await fetch(process.argv[1] + path, { method: 'POST', body: JSON.stringify(body) });
    if (!reply.ok) throw new Error(await reply.text());
    return reply.json();
  };
  const { header } = await post('/v3/kv/range', { key: Buffer.from('compact_rev_key').toString('base64') });
  await post('/v3/kv/compaction', { revision: header.revision, physical: true });
})().catch((error) => { console.error(error); process.exit(1); });`;

/** Ports that nobody listens on, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<{ port: number; close: () => void }>((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      resolve({ port: (server.address() as { port: number }).port, close: () => server.close() });
    });
  })));
  servers.forEach(({ close }) => close());
  return servers.map(({ port }) => port);
}
