import * as os from 'os';

/** Error numbers that callers tell apart; the Linux values, which are the same on every architecture that Node runs on. */
export const Errno = {
  EPERM: 1,
  EINTR: 4,
  ENXIO: 6,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  ENOSYS: 38,
  ENONET: 64,
  EPROTO: 71,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113,
} as const;

const names = new Map<number, string>(Object.entries(os.constants.errno).map(([name, value]) => [value, name]));
names.set(Errno.EAGAIN, 'EAGAIN'); // not EWOULDBLOCK, which has the same number

/** The name of a Linux error number: `1` is `EPERM`. A number without a name gives `E` and the number. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`;
}

/** What was attempted, as far as an error message can use it. */
export interface SysErrorContext {
  /** What the call was made on, in words: `packet socket`, `UDP port 7946`. */
  readonly subject: string;
  /** What to change; replaces the usual advice for the error. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** What a `SysError` is made of; survives the way between threads, which a class does not. */
export interface SysErrorValue {
  readonly call: string;
  readonly errno: number;
  readonly subject: string;
  readonly fix: string;
}

/**
 * A system call failed.
 *
 * `code` is the name of the error number (`EPERM`), `call` the system call, `fix` what to change.
 */
export class SysError extends Error {
  /** Makes an error again from what crossed a thread boundary. */
  public static fromValue(value: SysErrorValue): SysError {
    return new SysError(value.call, value.errno, { subject: value.subject, fix: value.fix });
  }

  public readonly name = 'SysError';
  public readonly code: string;
  public readonly call: string;
  public readonly errno: number;
  public readonly subject: string;
  public readonly fix: string;

  constructor(call: string, errno: number, context: SysErrorContext) {
    const code = errnoName(errno);
    const fix = context.fix ?? advice(code, context.subject);
    super(`${context.subject}: ${call} failed with ${code}${fix && `: ${fix}`}`, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.call = call;
    this.errno = errno;
    this.subject = context.subject;
    this.fix = fix;
  }

  public toValue(): SysErrorValue {
    return { call: this.call, errno: this.errno, subject: this.subject, fix: this.fix };
  }
}

/** Ordered: the first row whose code and subject match gives the advice. */
const ADVICE: readonly { code: string; subject?: RegExp; fix: string | ((subject: string) => string) }[] = [
  { code: 'EPERM', subject: /packet socket/, fix: "needs CAP_NET_RAW: add NET_RAW to the container's capabilities and run as uid 0" },
  { code: 'EPERM', fix: 'not permitted; check the capabilities of the container, its seccomp profile and the firewall of the node' },
  { code: 'EACCES', subject: /port/, fix: 'a port below 1024 needs CAP_NET_BIND_SERVICE; choose a port from 1024 to 65535' },
  { code: 'EADDRINUSE', fix: inUse },
  { code: 'EADDRNOTAVAIL', fix: 'no interface of this node has that address; see `ip address`, and leave the address out to listen on all' },
  { code: 'EAFNOSUPPORT', fix: 'the kernel was started without this protocol (ipv6.disable=1?)' },
  { code: 'ENODEV', fix: 'the interface does not exist any more; see `ip link`' },
  { code: 'ENXIO', fix: 'the interface does not exist any more; see `ip link`' },
  { code: 'ENETDOWN', fix: 'the interface is down; see `ip link`' },
  { code: 'EMFILE', fix: 'this process has too many open files; raise `ulimit -n`' },
  { code: 'ENFILE', fix: 'the node has too many open files; raise the sysctl fs.file-max' },
  { code: 'ENOMEM', subject: /multicast groups/, fix: 'the kernel gave no memory for so many; raise the sysctl net.core.optmem_max' },
  { code: 'ENOMEM', fix: 'the kernel gave no memory; for a filter, raise the sysctl net.core.optmem_max' },
  { code: 'ENOBUFS', fix: 'a queue of the kernel is full; raise the sysctls net.core.rmem_max and net.core.wmem_max' },
];

function advice(code: string, subject: string): string {
  const row = ADVICE.find((each) => each.code === code && (each.subject?.test(subject) ?? true));
  return typeof row?.fix === 'function' ? row.fix(subject) : row?.fix ?? '';
}

function inUse(subject: string): string {
  const port = /port (\d+)/.exec(subject)?.[1];
  return port === undefined
    ? 'another process uses it'
    : `another process of this node uses it: find it with \`ss -lunp 'sport = :${port}'\` (a MetalLB speaker listens on 7946), and stop it or choose another port`;
}
