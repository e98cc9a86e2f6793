import type { RequestListener } from 'http';
import { createServer, type Server as TlsServer } from 'https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'net';
import type { KeyPair } from './certificates';
import { listenError } from './listen-error';
import { secureContextOptions, type TlsSettings } from './settings';

export interface HttpsServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default: every address. */
  readonly host?: string;
  /** The flag that sets the port, for the message when it is taken. */
  readonly flag: string;
  readonly settings: TlsSettings;
  /** Asked for each connection, so that a new certificate counts at once; without one the connection is closed. Equal (===) while it is the same. */
  readonly certificate: () => KeyPair | Promise<KeyPair>;
  readonly handler: RequestListener;
  /** Told why a connection got no certificate. */
  readonly failed: (error: Error) => void;
}

/** An HTTPS server that sets nothing up, and makes no certificate, before somebody connects. */
export class HttpsServer {
  static listen(options: HttpsServerOptions): Promise<HttpsServer> {
    const server = new HttpsServer(options);
    return new Promise((resolve, reject) => {
      server.tcp.once('error', (error) => reject(listenError(error, options.port, options.flag)));
      server.tcp.listen(options.port, options.host, () => resolve(server));
    });
  }

  private readonly tcp: Server;
  private readonly sockets = new Set<Socket>();
  private tls?: TlsServer;
  private pair?: KeyPair;

  private constructor(private readonly options: HttpsServerOptions) {
    // Paused, so that nothing is read from a connection before TLS does.
    this.tcp = createTcpServer({ pauseOnConnect: true }, (socket) => void this.accept(socket));
  }

  get port(): number {
    return (this.tcp.address() as AddressInfo).port;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.tcp.close(() => resolve());
      this.sockets.forEach((socket) => socket.destroy());
    });
  }

  private async accept(socket: Socket): Promise<void> {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    try {
      const pair = await this.options.certificate();
      this.server(pair).emit('connection', socket);
      socket.resume();
    } catch (error) {
      socket.destroy();
      this.options.failed(error as Error);
    }
  }

  private server(pair: KeyPair): TlsServer {
    const context = { ...secureContextOptions(this.options.settings), ...pair };
    if (!this.tls) {
      this.tls = createServer(context, this.options.handler);
    } else if (pair !== this.pair) {
      this.tls.setSecureContext(context);
    }
    this.pair = pair;
    return this.tls;
  }
}
