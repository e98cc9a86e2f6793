import * as fs from 'fs';
import * as path from 'path';
import { clockShift } from './cache';

/**
 * The wall clock of processes that are started with its environment: it can be stepped while they run, as `date -s` or a first answer of an NTP server would. The
 * machine's own clock, and clocks that count from a start, stay as they are.
 */
export class WallClock {
  /** @param directory where its file is kept */
  static async create(directory: string): Promise<WallClock> {
    const file = path.join(directory, `wall-clock-${++clocks}`);
    fs.writeFileSync(file, Buffer.alloc(8));
    return new WallClock(file, { LD_PRELOAD: await clockShift(), CLOCK_SHIFT: file });
  }

  private constructor(private readonly file: string, readonly env: NodeJS.ProcessEnv) {}

  /** Sets it so many seconds before (negative) or after the machine's. */
  set(seconds: number): void {
    const shift = new BigInt64Array([BigInt(seconds)]);
    const fd = fs.openSync(this.file, 'r+'); // in place: it is mapped
    fs.writeSync(fd, new Uint8Array(shift.buffer), 0, 8, 0);
    fs.closeSync(fd);
  }

  /** Whether a process has it. */
  isOf(pid: number): boolean {
    return fs.readFileSync(`/proc/${pid}/maps`, 'utf8').includes(this.file);
  }
}

let clocks = 0;
