import { createServer, Socket } from 'node:net';

/**
 * The door in front of the server: every byte passes through it, so a test can freeze the server as SIGSTOP would (connections are
 * accepted, nothing is ever said, not even the PING answers that HTTP/2 gives by itself) or cut every connection as a power failure would.
 */
export class Gate {
  private readonly server = createServer({ pauseOnConnect: true }, (socket) => this.accept(socket));
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private waiting: Socket[] = [];
  private frozen = false;

  /** @param inner path of the Unix socket that the server itself listens on */
  constructor(private readonly inner: string) {}

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve((this.server.address() as { port: number }).port));
    });
  }

  /** From now on nothing passes, in either direction. */
  freeze(): void {
    this.frozen = true;
    for (const [outside, inside] of this.pairs) {
      outside.unpipe();
      inside.unpipe();
      outside.pause();
      inside.pause();
    }
  }

  thaw(): void {
    this.frozen = false;
    for (const [outside, inside] of this.pairs) join(outside, inside);
    for (const socket of this.waiting.splice(0)) this.accept(socket);
  }

  /** Resets every connection. New ones are accepted. */
  drop(): void {
    for (const [outside, inside] of this.pairs) {
      outside.resetAndDestroy();
      inside.destroy();
    }
    for (const socket of this.waiting.splice(0)) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    this.drop();
    await closed;
  }

  private accept(outside: Socket): void {
    outside.on('error', () => outside.destroy());
    if (this.frozen) {
      this.waiting.push(outside);
      return;
    }
    const inside = new Socket().connect(this.inner);
    const pair = [outside, inside] as const;
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      outside.destroy();
      inside.destroy();
    };
    outside.setNoDelay(true);
    inside.on('error', end);
    inside.on('close', end);
    outside.on('close', end);
    join(outside, inside);
  }
}

function join(outside: Socket, inside: Socket): void {
  outside.pipe(inside);
  inside.pipe(outside);
}
