import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type * as Yaml from 'yaml';
import { Clock } from './clock';
import { ClusterConfig } from './config';
import { KubeError } from './errors';
import { FileToken, FixedToken, TokenSource } from './token';

interface Cluster {
  'server'?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
  'proxy-url'?: string;
}

interface User {
  'token'?: string;
  'tokenFile'?: string;
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  'exec'?: { command?: string };
  'auth-provider'?: { name?: string };
  'username'?: string;
  'as'?: string;
}

interface Context {
  cluster?: string;
  user?: string;
  namespace?: string;
}

/** An entry and the folder that relative paths in it start from. */
interface Found<T> {
  readonly value: T;
  readonly dir: string;
}

/** Several files as kubectl merges them: the first that defines a name wins. */
class Merged {
  readonly clusters = new Map<string, Found<Cluster>>();
  readonly users = new Map<string, Found<User>>();
  readonly contexts = new Map<string, Found<Context>>();
  currentContext?: string;

  add(path: string): void {
    let file: Record<string, unknown>;
    try {
      file = parseYaml(readFileSync(path, 'utf8')) as Record<string, unknown>;
    } catch (cause) {
      throw invalid(`cannot read ${path}: ${(cause as Error).message}`, cause);
    }
    if (typeof file !== 'object' || file === null || Array.isArray(file)) throw invalid(`${path} is not a kubeconfig: expected a YAML mapping with clusters, users and contexts`);
    const dir = dirname(resolve(path));
    collect(file.clusters, 'cluster', dir, this.clusters);
    collect(file.users, 'user', dir, this.users);
    collect(file.contexts, 'context', dir, this.contexts);
    if (!this.currentContext && typeof file['current-context'] === 'string') this.currentContext = file['current-context'];
  }
}

function collect<T>(entries: unknown, field: string, dir: string, into: Map<string, Found<T>>): void {
  for (const entry of Array.isArray(entries) ? entries as Array<Record<string, unknown>> : []) {
    if (typeof entry?.name === 'string' && !into.has(entry.name)) into.set(entry.name, { value: (entry[field] ?? {}) as T, dir });
  }
}

/** Reads kubeconfig files and resolves one context of them. @throws KubeError `ConfigInvalid` */
export function readKubeconfig(paths: readonly string[], wanted: string | undefined, clock: Clock): ClusterConfig {
  const merged = new Merged();
  for (const path of paths) merged.add(path);
  const files = paths.join(', ');
  const name = wanted ?? merged.currentContext;
  if (!name) throw invalid(`${files}: current-context is not set; set it, or name one of the contexts ${list(merged.contexts)}`);
  const source = `kubeconfig ${files}, context "${name}"`;
  const context = need(merged.contexts, name, 'context', files).value;
  const cluster = need(merged.clusters, context.cluster ?? '', 'cluster', source);
  const user = context.user ? need(merged.users, context.user, 'user', source) : { value: {} as User, dir: '.' };
  refuseUnsupported(cluster.value, user.value, source);
  return {
    server: serverOf(cluster.value, source),
    source,
    namespace: context.namespace,
    tls: () => ({
      ca: material(cluster, 'certificate-authority', source),
      cert: material(user, 'client-certificate', source),
      key: material(user, 'client-key', source),
      servername: cluster.value['tls-server-name'],
      insecureSkipTlsVerify: cluster.value['insecure-skip-tls-verify'] === true,
    }),
    token: tokenOf(user, clock),
  };
}

function serverOf(cluster: Cluster, source: string): string {
  let url: URL;
  try {
    url = new URL(cluster.server ?? '');
  } catch (cause) {
    throw invalid(`${source}: server "${cluster.server ?? ''}" is not a URL; expected https://HOST:PORT`, cause);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid(`${source}: server "${cluster.server}" must start with https:// or http://`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function tokenOf(user: Found<User>, clock: Clock): TokenSource | undefined {
  if (user.value.tokenFile) return new FileToken(resolve(user.dir, user.value.tokenFile), clock);
  return user.value.token ? new FixedToken(user.value.token) : undefined;
}

/** A setting that we would have to ignore is refused: the connection would be made as somebody else, or elsewhere. */
function refuseUnsupported(cluster: Cluster, user: User, source: string): void {
  const supported = 'supported are token, tokenFile, client-certificate(-data) with client-key(-data)';
  if (user.exec) {
    throw invalid(`${source}: the exec credential plugin "${user.exec.command ?? ''}" is not supported; ${supported}.`
      + ' Make a service account and use its token (kubectl create token), or run in the cluster');
  }
  if (user['auth-provider']) throw invalid(`${source}: auth-provider "${user['auth-provider'].name ?? ''}" is not supported; ${supported}`);
  if (user.username) throw invalid(`${source}: username and password are not supported, Kubernetes removed them in 1.19; ${supported}`);
  if (user.as) throw invalid(`${source}: impersonation (as: ${user.as}) is not supported; use that user's own credentials`);
  if (cluster['proxy-url']) throw invalid(`${source}: proxy-url ${cluster['proxy-url']} is not supported; the API server must be reachable directly`);
}

function material(entry: Found<object>, field: 'certificate-authority' | 'client-certificate' | 'client-key', source: string): Buffer | undefined {
  const values = entry.value as Record<string, unknown>;
  const data = values[`${field}-data`];
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64');
  const file = values[field];
  if (typeof file !== 'string' || file === '') return undefined;
  try {
    return readFileSync(resolve(entry.dir, file));
  } catch (cause) {
    throw invalid(`${source}: cannot read ${field} ${resolve(entry.dir, file)}: ${(cause as Error).message}`, cause);
  }
}

function need<T>(entries: Map<string, Found<T>>, name: string, what: string, where: string): Found<T> {
  const found = entries.get(name);
  if (!found) throw invalid(`${where}: there is no ${what} "${name}"; there ${entries.size === 1 ? 'is' : 'are'} ${list(entries)}`);
  return found;
}

function list(entries: Map<string, unknown>): string {
  return entries.size === 0 ? 'none' : [...entries.keys()].map((key) => `"${key}"`).join(', ');
}

function invalid(message: string, cause?: unknown): KubeError {
  return new KubeError('ConfigInvalid', message, { cause });
}

/** Loaded here, not at the start: in a pod there is no kubeconfig, and the parser is a fourth of the program. */
function parseYaml(text: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('yaml') as typeof Yaml).parse(text);
}
