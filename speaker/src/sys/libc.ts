/* eslint-disable @typescript-eslint/no-require-imports */
import type * as Koffi from 'koffi';
import { Errno, SysError, SysErrorContext } from './error';

/** Memory that a system call reads or writes: handed over as a pointer, never copied. */
export type Memory = Uint8Array | Int32Array;

/**
 * Where memory is. The calls that are made for each packet take this, since koffi needs half the time for a number that it needs to find it out;
 * whoever makes them keeps the memory, see {@link Pointer}.
 */
export type MemoryAddress = number;

/** The system calls that the program uses, with the kernel's own signatures; -1 is an error and `errno()` says which. */
export interface Libc {
  bind(fd: number, address: Memory, length: number): number;
  clock_gettime(clock: number, time: MemoryAddress): number;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Memory | null): number;
  epoll_wait(epoll: number, events: MemoryAddress, maximum: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  getsockname(fd: number, address: Memory, length: Memory): number;
  getsockopt(fd: number, level: number, name: number, value: Memory, length: Memory): number;
  madvise(start: bigint, length: bigint, advice: number): number;
  /** Of glibc alone. */
  malloc_trim?(pad: number): number;
  read(fd: number, into: Memory, length: number): number;
  recvfrom(fd: number, into: MemoryAddress, length: number, flags: number, address: MemoryAddress, addressLength: MemoryAddress): number;
  recvmsg(fd: number, message: Memory, flags: number): number;
  sendto(fd: number, bytes: MemoryAddress, length: number, flags: number, address: MemoryAddress, addressLength: number): number;
  setsockopt(fd: number, level: number, name: number, value: Memory, length: number): number;
  socket(domain: number, type: number, protocol: number): number;
  timerfd_create(clock: number, flags: number): number;
  timerfd_settime(fd: number, flags: number, value: Memory, old: null): number;
  write(fd: number, bytes: Memory, length: number): number;
  /** Error number of this thread's last failed call. */
  errno(): number;
  /** Address of memory, for structures that hold pointers. */
  address(memory: Memory): bigint;
}

/** `ssize_t` is no type that koffi knows; `long` has its size wherever we run. */
const SIGNATURES = [
  'int bind(int, void *, uint32_t)',
  'int clock_gettime(int, uintptr_t)',
  'int close(int)',
  'int epoll_create1(int)',
  'int epoll_ctl(int, int, int, void *)',
  'int epoll_wait(int, uintptr_t, int, int)',
  'int eventfd(uint32_t, int)',
  'int getsockname(int, void *, void *)',
  'int getsockopt(int, int, int, void *, void *)',
  'int madvise(uintptr_t, size_t, int)',
  'long read(int, void *, size_t)',
  'long recvfrom(int, uintptr_t, size_t, int, uintptr_t, uintptr_t)',
  'long recvmsg(int, void *, int)',
  'long sendto(int, uintptr_t, size_t, int, uintptr_t, uint32_t)',
  'int setsockopt(int, int, int, void *, uint32_t)',
  'int socket(int, int, int)',
  'int timerfd_create(int, int)',
  'int timerfd_settime(int, int, void *, void *)',
  'long write(int, void *, size_t)',
];

let loaded: Libc | undefined;

/**
 * The system calls, loaded at the first use: a command line on a Mac may import this room, it only cannot open a packet socket.
 *
 * @throws SysError `ENOSYS` where there is no Linux, no 64-bit little-endian processor, or no native part of koffi
 */
export function libc(): Libc {
  return loaded ??= load();
}

/**
 * Remembers where the memory is that calls are made with again and again, and keeps it. V8 moves no memory that somebody has asked for the address of.
 */
export class Pointer {
  private memory: Memory | undefined;
  private address: MemoryAddress = 0;

  /** The address of `memory`: addresses of user space are below 2^53, so a number holds them. */
  public to(memory: Memory): MemoryAddress {
    if (memory !== this.memory) {
      this.address = Number(libc().address(memory));
      this.memory = memory;
    }
    return this.address;
  }
}

/** The result of a system call, or the error it stands for. */
export function check(result: number, call: string, context: SysErrorContext): number {
  if (result >= 0) return result;
  throw new SysError(call, libc().errno(), context);
}

function load(): Libc {
  const platform = `${process.platform}/${process.arch}`;
  if (process.platform !== 'linux' || !['x64', 'arm64', 'riscv64'].includes(process.arch)) {
    throw unsupported(platform, undefined);
  }
  try {
    const koffi = require('koffi') as typeof Koffi;
    const library = koffi.load(null); // the process itself: glibc or musl, whichever node was linked with
    const calls = Object.fromEntries(SIGNATURES.map((signature) => [/(\w+)\(/.exec(signature)![1], library.func(signature)]));
    return { ...calls, malloc_trim: optional(library, 'int malloc_trim(size_t)'), errno: () => koffi.errno(), address: (memory: Memory) => koffi.address(memory) } as unknown as Libc;
  } catch (error) {
    throw unsupported(platform, error);
  }
}

/** A function that only some C libraries have. */
function optional(library: Koffi.LibraryHandle, signature: string): unknown {
  try {
    return library.func(signature);
  } catch {
    return undefined;
  }
}

function unsupported(platform: string, cause: unknown): SysError {
  return new SysError('load', Errno.ENOSYS, {
    subject: `system calls on ${platform}`,
    fix: cause === undefined
      ? 'packets can be sent and received on linux/x64, linux/arm64 and linux/riscv64 only: run this in a Linux container or virtual machine'
      : `the native part of koffi does not load (${String(cause)}): install without \`--omit=optional\`, with the libc of this system`,
    cause,
  });
}
