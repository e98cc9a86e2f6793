import { ClientHttp2Session, ClientHttp2Stream, connect, constants, OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTcp, isIP, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Clock } from './clock';
import { ClusterConfig } from './config';
import { connectionError, KubeError } from './errors';

/** Limits of a connection, in milliseconds. */
export interface ConnectionLimits {
  /** Time between two PINGs. @default 10000 */
  readonly pingIntervalMs: number;
  /** A PING unanswered for so long means that the server is dead. @default 5000 */
  readonly pingTimeoutMs: number;
  /** For TCP, TLS and the server's first SETTINGS frame together. @default 10000 */
  readonly connectTimeoutMs: number;
}

/** The default of 64 KiB for all streams together makes a large list crawl on a link with latency. */
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const STREAM_WINDOW = 4 * 1024 * 1024;
/** After a PING was not answered in time, in milliseconds. */
const LAST_CHANCE_MS = 20;

/**
 * One HTTP/2 session with a heartbeat.
 *
 * TCP notices a peer that vanished only when it has something to send, after many minutes; and a frozen server keeps its sockets open.
 * So a PING goes out at an interval, and when its answer is late the session is destroyed, which fails every stream at once.
 */
export class Connection {
  /** Connects, and resolves once the server has shown that it speaks HTTP/2. @throws KubeError */
  static open(config: ClusterConfig, limits: ConnectionLimits, clock: Clock): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const { origin, hostname, port, protocol } = new URL(config.server);
      const host = hostname.replace(/^\[|\]$/g, '');
      const socket = connectTcp({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)) });
      let session: ClientHttp2Session | undefined;
      const fail = (cause: unknown) => {
        cancel();
        session?.destroy();
        socket.destroy();
        reject(connectionError(cause, config.server, config.source));
      };
      socket.on('error', (cause) => (session ? session.destroy(cause) : fail(cause)));
      const cancel = clock.schedule(() => fail(new KubeError('Timeout',
        `API server ${config.server} (from ${config.source}) did not answer within ${limits.connectTimeoutMs} ms: check its address, and that nothing drops packets on the way`)),
      limits.connectTimeoutMs);
      const closed = () => fail(new Error('closed before the HTTP/2 session was set up; does this port speak HTTP/2?'));
      // TLS begins when the socket is connected: Node may try several addresses before, each with another socket of the kernel.
      socket.once('connect', () => {
        try {
          const begun = session = connect(origin, {
            createConnection: () => (protocol === 'https:' ? secured(socket, host, config) : socket),
            settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
          });
          begun.once('error', fail);
          begun.on('error', () => undefined); // a second error, after the first has been reported, must not end the process
          begun.once('close', closed);
          begun.once('remoteSettings', () => {
            cancel();
            begun.off('error', fail);
            begun.off('close', closed);
            begun.setLocalWindowSize(CONNECTION_WINDOW);
            resolve(new Connection(begun, socket, config, limits, clock));
          });
        } catch (cause) {
          fail(cause);
        }
      });
    });
  }

  /** Called once, when the connection and all its streams are gone. */
  onClose?: () => void;
  /** Why the connection was destroyed, if it was. */
  private failure?: KubeError;
  private retired = false;
  private cancelTimer?: () => void;

  private constructor(
    private readonly session: ClientHttp2Session,
    private readonly socket: Socket,
    private readonly config: ClusterConfig,
    private readonly limits: ConnectionLimits,
    private readonly clock: Clock,
  ) {
    session.on('error', (cause) => { this.failure ??= this.explain(cause); });
    session.on('goaway', () => { this.retired = true; }); // its streams run on, new ones go elsewhere
    session.on('close', () => {
      this.failure ??= new KubeError('ConnectionLost', `API server ${config.server} (from ${config.source}) closed the connection`);
      this.cancelTimer?.();
      this.onClose?.();
    });
    this.schedulePing();
  }

  /** Whether new requests may be sent. */
  get usable(): boolean {
    return !this.retired && !this.session.closed && !this.session.destroyed;
  }

  request(headers: OutgoingHttpHeaders, hasBody: boolean): ClientHttp2Stream {
    return this.session.request(headers, { endStream: !hasBody });
  }

  /** What to report for a stream that failed with `cause`: the connection's own failure explains more than the stream's. */
  explain(cause: unknown): KubeError {
    return this.failure ?? connectionError(cause, this.config.server, this.config.source);
  }

  /** Ends the connection and all its streams now. */
  destroy(reason: KubeError): void {
    this.failure ??= reason;
    this.session.destroy(reason, constants.NGHTTP2_CANCEL);
  }

  /**
   * Ends the connection, and with it what was written and has not left this machine: the kernel would go on sending that for minutes after a close, and
   * deliver it when the way to the server is whole again.
   */
  reset(reason: KubeError): void {
    this.failure ??= reason;
    this.socket.resetAndDestroy();
    this.destroy(reason);
  }

  private schedulePing(): void {
    this.cancelTimer = this.clock.schedule(() => this.ping(), this.limits.pingIntervalMs);
  }

  private ping(): void {
    if (this.session.destroyed) return;
    const sent = this.session.ping((error) => {
      this.cancelTimer?.();
      if (!error && !this.session.destroyed) this.schedulePing();
    });
    // Should this process itself have been late (suspended, or busy), the answer may lie unread in the socket: so let it be read first.
    const last = () => { this.cancelTimer = this.clock.schedule(() => this.giveUp(), LAST_CHANCE_MS); };
    this.cancelTimer = this.clock.schedule(last, sent ? this.limits.pingTimeoutMs : 0);
  }

  private giveUp(): void {
    const server = `API server ${this.config.server} (from ${this.config.source})`;
    this.reset(new KubeError('ConnectionLost',
      `${server} did not answer an HTTP/2 PING within ${this.limits.pingTimeoutMs} ms: it is frozen, overloaded or cut off`));
  }
}

function secured(socket: Socket, host: string, config: ClusterConfig): Socket {
  const { insecureSkipTlsVerify, ...material } = config.tls();
  return connectTls({ ALPNProtocols: ['h2'], servername: isIP(host) ? '' : host, ...material, socket, rejectUnauthorized: !insecureSkipTlsVerify });
}
