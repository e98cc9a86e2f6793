import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer, createServer, Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2';
import { isIPv6, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Certificate, selfSigned } from './certificates';
import { Faults } from './faults';
import { Gate } from './gate';
import { handle } from './handler';
import { kubeconfigOf } from './kubeconfig';
import { JsonObject } from './objects';
import { Registry } from './registry';
import { Catalog } from './resources';
import { Storage } from './storage';

export interface EmbeddedApiServerOptions {
  /** A YAML file of CustomResourceDefinitions to install at the start. @default - none */
  readonly crds?: string;
  /** HTTPS with a certificate made at the start, for HTTP/2 and HTTP/1.1; else HTTP/2 in clear. @default false */
  readonly tls?: boolean;
  /** Use this certificate instead. */
  readonly certificate?: Certificate;
  /** Names and addresses in the certificate. @default 127.0.0.1, ::1 and localhost */
  readonly names?: readonly string[];
  /** @default - a random one */
  readonly token?: string;
  /** Time between two bookmarks of a watch, in milliseconds. @default 60000 */
  readonly bookmarkIntervalMs?: number;
  /** `--service-cluster-ip-range`. @default 10.96.0.0/16 */
  readonly serviceClusterIpRanges?: readonly string[];
}

/**
 * A Kubernetes API server in this process, with its objects in memory: for tests and for the demo.
 *
 * It behaves as the real one for everything that this project does; one suite of tests (`lab/test/api-contract.ts`) runs against both.
 */
export class EmbeddedApiServer {
  /** Trouble for tests. */
  readonly faults = new Faults();
  private readonly storage = new Storage();
  private readonly registry: Registry;
  private readonly dir = mkdtempSync(join(tmpdir(), 'embedded-apiserver-'));
  private readonly gate = new Gate(join(this.dir, 'inner.sock'));
  private readonly sessions = new Set<ServerHttp2Session>();
  private readonly sockets = new Set<Socket>();
  private readonly certificate?: Certificate;
  private readonly http: Http2Server | Http2SecureServer;
  private token: string;
  private address = '';

  constructor(options: EmbeddedApiServerOptions = {}) {
    this.token = options.token ?? randomBytes(16).toString('hex');
    this.registry = new Registry(new Catalog(), this.storage, options.serviceClusterIpRanges ?? ['10.96.0.0/16']);
    this.certificate = options.certificate ?? (options.tls ? selfSigned(this.dir, 'server', options.names ?? ['127.0.0.1', '::1', 'localhost']) : undefined);
    this.http = this.certificate
      ? createSecureServer({ allowHTTP1: true, cert: readFileSync(this.certificate.cert), key: readFileSync(this.certificate.key) })
      : createServer();
    this.http.on('request', (request, response) => void handle(request, response, {
      registry: this.registry,
      faults: this.faults,
      accepts: (token) => token === this.token,
      bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
    }));
    this.http.on('session', (session: ServerHttp2Session) => {
      this.sessions.add(session);
      session.on('error', () => session.destroy());
      session.on('close', () => this.sessions.delete(session));
    });
    this.http.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.http.on('sessionError', () => undefined); // a connection that a test cut
    this.furnish(options.crds);
  }

  /** `https://127.0.0.1:6443` */
  get url(): string {
    return this.address;
  }

  /** Path of the certificate that clients have to trust. */
  get caFile(): string | undefined {
    return this.certificate?.cert;
  }

  /** @param port 0 takes any free one */
  async listen(port = 0, host = '127.0.0.1'): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(join(this.dir, 'inner.sock'), resolve);
    });
    const bound = await this.gate.listen(port, host).catch((error: unknown) => {
      this.http.close(); // else it would keep the process alive
      throw error;
    });
    this.address = `${this.certificate ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${bound}`;
    return this.address;
  }

  async close(): Promise<void> {
    await this.gate.close();
    for (const connection of [...this.sessions, ...this.sockets]) connection.destroy();
    await new Promise<void>((resolve) => { this.http.close(() => resolve()); });
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Text of a kubeconfig for this server. With `tokenFile`, the token is not in it but expected in that file. */
  kubeconfig(options: { readonly tokenFile?: string } = {}): string {
    const ca = this.certificate ? readFileSync(this.certificate.cert).toString('base64') : undefined;
    return kubeconfigOf({ server: this.address, ca, ...(options.tokenFile ? { tokenFile: options.tokenFile } : { token: this.token }) });
  }

  /** Accepts only a new token from now on, and returns it. */
  rotateToken(): string {
    this.token = randomBytes(16).toString('hex');
    return this.token;
  }

  /** Accepts connections but says nothing, as after SIGSTOP. */
  freeze(): void {
    this.gate.freeze();
  }

  thaw(): void {
    this.gate.thaw();
  }

  /** Resets every connection. */
  dropConnections(): void {
    this.gate.drop();
  }

  /** Tells every client to open a new connection, and lets the streams of the old ones run on. */
  sendGoaway(): void {
    for (const session of this.sessions) session.goaway();
  }

  /** Forgets the history up to now, so that watches cannot resume from before. */
  compact(): void {
    this.storage.compact();
  }

  /** HTTP/2 connections at the moment. */
  get connections(): number {
    return this.sessions.size;
  }

  /** What every cluster has from the beginning. */
  private furnish(crds?: string): void {
    const namespaces = this.registry.catalog.find('', 'v1', 'namespaces')!;
    const context = { manager: 'kube-apiserver' };
    for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) this.registry.create(namespaces, undefined, { metadata: { name } }, context);
    this.registry.create(this.registry.catalog.find('', 'v1', 'services')!, 'default', {
      metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: { ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
    }, context);
    if (!crds) return;
    const definitions = this.registry.catalog.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!;
    for (const document of parseAllDocuments(readFileSync(crds, 'utf8'))) {
      const crd = document.toJS({ maxAliasCount: -1 }) as JsonObject | null;
      if (crd?.kind === 'CustomResourceDefinition') this.registry.create(definitions, undefined, crd, context);
    }
  }
}
