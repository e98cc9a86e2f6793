import { readFileSync } from 'node:fs';
import { Clock } from './clock';
import { KubeError } from './errors';

/** A bearer token that may change while we run. */
export interface TokenSource {
  /** The token to send now. @throws KubeError `ConfigInvalid` if it cannot be read */
  current(): string;
  /** The server refused `refused`. Returns whether {@link current} now gives another one, so that a retry makes sense. */
  refresh(refused: string): boolean;
}

/** A token written in the kubeconfig itself. */
export class FixedToken implements TokenSource {
  constructor(private readonly token: string) {}

  current(): string {
    return this.token;
  }

  refresh(): boolean {
    return false;
  }
}

/** Projected service account tokens live an hour, and the kubelet replaces the file at 80 % of that. */
const REREAD_MS = 60_000;

/** A token in a file that is replaced from time to time: read again each minute, and at once when the server refuses it. */
export class FileToken implements TokenSource {
  private token?: string;
  private readAt = 0;

  constructor(private readonly path: string, private readonly clock: Clock) {}

  current(): string {
    if (this.token === undefined || this.clock.now() - this.readAt >= REREAD_MS) this.read();
    return this.token!;
  }

  refresh(refused: string): boolean {
    this.read();
    return this.token !== refused;
  }

  private read(): void {
    try {
      const token = readFileSync(this.path, 'utf8').trim();
      if (token === '') throw new Error('the file is empty');
      this.token = token;
    } catch (cause) {
      // The kubelet replaces the file by a rename; should a read fail once, the token we have is most likely still good.
      if (this.token === undefined) throw new KubeError('ConfigInvalid', `cannot read the token file ${this.path}: ${(cause as Error).message}`, { cause });
    }
    this.readAt = this.clock.now();
  }
}
