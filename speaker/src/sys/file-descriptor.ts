import { libc } from './libc';

/** Something open in the kernel. Closing it twice is harmless, which a plain number is not: the kernel reuses numbers at once. */
export class FileDescriptor {
  private open = true;

  constructor(public readonly fd: number) {
  }

  public get closed(): boolean {
    return !this.open;
  }

  public close(): void {
    if (!this.open) return;
    this.open = false;
    libc().close(this.fd); // Linux frees the number whatever close() returns; trying again would close somebody else's
  }
}
