import { ClientHttp2Stream, constants, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { Clock, systemClock } from './clock';
import { ClusterConfig } from './config';
import { Connection, ConnectionLimits } from './connection';
import { KubeError } from './errors';
import { KubeLog, silentLog } from './log';

/** One HTTP request. */
export interface TransportRequest {
  readonly method: string;
  /** Path and query below the server's base URL. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** Called in the turn of the loop in which the request is handed to the connection, each time. What it throws ends the request. */
  readonly beforeSend?: () => void;
  /** Longest wait for the answer's headers, in milliseconds. */
  readonly headersTimeoutMs: number;
}

/** The head of an answer; the body is still to be read. */
export interface TransportReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as it arrives. Throws KubeError when it breaks off. Leaving the loop cancels the stream. */
  body(): AsyncGenerator<Buffer, void, undefined>;
}

export interface TransportOptions extends Partial<ConnectionLimits> {
  readonly log?: KubeLog;
  readonly clock?: Clock;
}

/**
 * All requests and watches of one cluster over one HTTP/2 session, made on first use and anew after it was lost.
 *
 * After GOAWAY the old session serves its streams to their end while new requests go to a new one.
 */
export class Transport {
  private readonly basePath: string;
  private readonly log: KubeLog;
  private readonly clock: Clock;
  private readonly limits: ConnectionLimits;
  private readonly connections = new Set<Connection>();
  private current?: Promise<Connection>;
  private isClosed = false;

  constructor(private readonly config: ClusterConfig, options: TransportOptions = {}) {
    this.basePath = new URL(config.server).pathname.replace(/\/+$/, '');
    this.log = options.log ?? silentLog;
    this.clock = options.clock ?? systemClock;
    this.limits = {
      pingIntervalMs: options.pingIntervalMs ?? 10_000,
      pingTimeoutMs: options.pingTimeoutMs ?? 5_000,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    };
  }

  /** Sends a request and waits for the head of the answer. @throws KubeError */
  async send(request: TransportRequest): Promise<TransportReply> {
    for (let attempt = 1; ; attempt += 1) {
      const connection = await this.connection();
      if (request.signal?.aborted) throw aborted();
      request.beforeSend?.();
      try {
        return await this.exchange(connection, request);
      } catch (error) {
        // A stream that the server refused unprocessed (RFC 9113 §8.7) may be sent again whatever its method.
        if (!(error instanceof RefusedError)) throw error;
        if (attempt >= 3) throw error.reason;
      }
    }
  }

  /** Ends all connections, and what waits in them to be sent never is. Requests under way fail with `ConnectionLost`, later ones make a new connection. */
  reset(reason: string): void {
    this.current = undefined;
    for (const connection of this.connections) connection.reset(new KubeError('ConnectionLost', reason));
  }

  /** Ends all connections. Requests under way and later ones fail with `Closed`. */
  close(): void {
    this.isClosed = true;
    for (const connection of this.connections) connection.destroy(closed());
  }

  /** The connection for a new request. All who ask while it is being made get the same. */
  private async connection(): Promise<Connection> {
    for (;;) {
      if (this.isClosed) throw closed();
      const attempt = this.current ??= this.connect();
      try {
        const connection = await attempt;
        if (connection.usable) return connection;
      } catch (error) {
        this.forget(attempt);
        throw error;
      }
      this.forget(attempt);
    }
  }

  private forget(attempt: Promise<Connection>): void {
    if (this.current === attempt) this.current = undefined;
  }

  private async connect(): Promise<Connection> {
    const started = this.clock.now();
    const connection = await Connection.open(this.config, this.limits, this.clock);
    this.connections.add(connection);
    connection.onClose = () => {
      this.connections.delete(connection);
      this.log.debug({ server: this.config.server }, 'connection to the API server closed');
    };
    if (this.isClosed) connection.destroy(closed());
    this.log.debug({ server: this.config.server, ms: Math.round(this.clock.now() - started) }, 'connected to the API server');
    return connection;
  }

  private exchange(connection: Connection, request: TransportRequest): Promise<TransportReply> {
    return new Promise((resolve, reject) => {
      let stream: ClientHttp2Stream;
      try {
        stream = connection.request({
          ...request.headers,
          [constants.HTTP2_HEADER_METHOD]: request.method,
          [constants.HTTP2_HEADER_PATH]: this.basePath + request.path,
        }, request.body !== undefined);
      } catch (cause) {
        reject(new RefusedError(connection.explain(cause)));
        return;
      }
      const abort = () => stream.close(constants.NGHTTP2_CANCEL);
      const cancel = this.clock.schedule(() => {
        settle(() => reject(new KubeError('Timeout',
          `API server ${this.config.server} did not answer ${request.method} ${request.path} within ${request.headersTimeoutMs} ms`)));
        abort();
      }, request.headersTimeoutMs);
      const settle = (outcome: () => void) => {
        cancel();
        outcome();
      };
      const fail = (cause: unknown) => settle(() => {
        if (request.signal?.aborted) reject(aborted());
        else if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) reject(new RefusedError(connection.explain(cause)));
        else reject(connection.explain(cause));
      });
      request.signal?.addEventListener('abort', abort, { once: true });
      stream.once('close', () => {
        request.signal?.removeEventListener('abort', abort);
        fail(new Error('the stream was closed before it was answered'));
      });
      stream.on('error', fail);
      stream.once('response', (headers) => settle(() => resolve({
        status: headers[':status'] ?? 0,
        headers,
        body: () => readBody(stream, connection, request.signal),
      })));
      if (request.body !== undefined) stream.end(request.body);
    });
  }
}

async function* readBody(stream: ClientHttp2Stream, connection: Connection, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  let whole = false;
  try {
    for await (const chunk of stream) yield chunk as Buffer;
    // A stream cut short by CANCEL, which is also what a lost connection does to it, ends as if it were whole (RFC 9113 §7: 0 is NO_ERROR).
    if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) throw new Error(`the stream broke off (HTTP/2 error code ${stream.rstCode})`);
    whole = true;
  } catch (cause) {
    throw signal?.aborted ? aborted() : connection.explain(cause);
  } finally {
    // Never after the end: servers take a thousand resets in a row for an attack (CVE-2023-44487) and close the connection.
    if (!whole) stream.close(constants.NGHTTP2_CANCEL);
  }
}

/** The server did not process the stream; sending it again is safe. */
class RefusedError extends Error {
  constructor(readonly reason: KubeError) {
    super(reason.message);
  }
}

function aborted(): KubeError {
  return new KubeError('Aborted', 'the request was aborted');
}

function closed(): KubeError {
  return new KubeError('Closed', 'the Kubernetes client has been closed');
}
