import { KubeError } from './errors';

const NEWLINE = 0x0a;

/** No object in etcd exceeds a few megabytes, so a longer line is not a watch. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Cuts a stream of bytes into lines, wherever the chunks happen to end.
 *
 * Bytes are decoded only when the line is whole: a chunk may end inside a UTF-8 character, and the newline byte is never part of one.
 */
export class LineSplitter {
  private parts: Buffer[] = [];
  private length = 0;

  /** Lines that are complete now, without their newline. Empty lines are left out. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.take(chunk.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) this.keep(chunk.subarray(start));
    return lines;
  }

  /** Bytes of the line that has begun and not ended. */
  get pending(): number {
    return this.length;
  }

  private take(last: Buffer): string {
    if (this.parts.length === 0) return last.toString('utf8');
    const line = Buffer.concat([...this.parts, last]).toString('utf8');
    this.parts = [];
    this.length = 0;
    return line;
  }

  private keep(part: Buffer): void {
    this.length += part.length;
    if (this.length > MAX_LINE_BYTES) {
      throw new KubeError('BadResponse', `a line of the watch is longer than ${MAX_LINE_BYTES} bytes: this is not an answer of a Kubernetes API server`);
    }
    this.parts.push(part);
  }
}
