import { randomBytes } from 'crypto';
import { MessagePort, parentPort, receiveMessageOnPort, workerData } from 'worker_threads';
import { LanCore } from '../lan';
import { bootTime, Epoll, Errno, FileDescriptor, Ipv6Groups, isWireless, LinkMonitor, PacketSocket, readNetworkParameter, SysError, Timer, UdpSocket, Wakeup } from '../sys';
import { ETHER_TYPE_ARP, ETHER_TYPE_IPV6 } from '../wire';
import { toErrorValue } from './errors';
import { Loop } from './loop';
import { Command, Report, WorkerOptions } from './messages';
import { HeartbeatSocket, Surroundings } from './surroundings';

/**
 * Runs the data plane on this thread until it is stopped; to be called when the program was started as the data plane's worker, that is when
 * `workerData.role` is `dataplane`. Every error goes to the main thread.
 */
export function runDataPlaneWorker(): void {
  const options = workerData as WorkerOptions, port = parentPort!;
  const report = (what: Report) => port.postMessage(what);
  const open: { close(): void }[] = [];
  try {
    const loop = assemble(options, port, report, open);
    report({ type: 'ready' });
    loop.run();
  } catch (error) {
    report({ type: 'failed', error: toErrorValue(error) });
  } finally {
    open.forEach((descriptor) => descriptor.close());
    const finished = new Int32Array(options.finished);
    Atomics.store(finished, 0, 1);
    Atomics.notify(finished, 0);
  }
}

/** Opens the sockets and ties them to a core. What was opened is in `open`, also when this throws. */
function assemble(options: WorkerOptions, port: MessagePort, report: (what: Report) => void, open: { close(): void }[]): Loop {
  const opened = <T extends { close(): void }>(descriptor: T): T => {
    open.push(descriptor);
    return descriptor;
  };
  const { node, heartbeatPort } = options;
  const excludeInterfaces = pattern(options.excludeInterfaces);
  const core = new LanCore({
    node,
    incarnation: randomBytes(8).readBigUInt64LE(),
    random: Math.random,
    heartbeat: { intervalMs: options.heartbeatIntervalMs, multiplier: options.heartbeatMultiplier },
    fastDetection: options.fastDetection,
    excludeInterfaces,
    failback: options.failback,
    conflictDetection: options.conflictDetection,
    gratuitous: { refreshMs: options.gratuitousIntervalMs },
  });

  const packets = opened(PacketSocket.open(ETHER_TYPE_ARP)), neighbors = opened(PacketSocket.open(ETHER_TYPE_IPV6));
  const groups = opened(new Ipv6Groups());
  const heartbeats: HeartbeatSocket[] = [];
  const descriptors: FileDescriptor[] = [packets, neighbors];
  for (const family of [4, 6] as const) {
    const socket = openUdp(family, heartbeatPort, report);
    if (!socket) continue;
    descriptors.push(opened(socket));
    heartbeats.push({
      fd: socket.fd,
      ipv6: family === 6,
      get source() { return socket.source; },
      receive: (into) => socket.receive(into),
      send: (address, bytes, length) => socket.send(address, heartbeatPort, bytes, length),
      undelivered: () => socket.undelivered(),
    });
  }
  const epoll = opened(Epoll.create()), timer = opened(Timer.create()), wakeup = Wakeup.attach(options.wakeup);
  [...descriptors, timer, wakeup].forEach((descriptor) => epoll.add(descriptor));

  const around: Surroundings = {
    epoll,
    timer,
    wakeup,
    packets,
    neighbors,
    groups,
    heartbeats,
    now: bootTime,
    parameter: (path) => readNetworkParameter(path),
    openLinks: () => LinkMonitor.open(),
    nextCommand: () => receiveMessageOnPort(port)?.message as Command | undefined,
    report,
  };
  return new Loop(core, around, { excludeInterfaces, promiscuous: promiscuous(options.promiscuousInterfaces) });
}

/** A machine without IPv6 is ordinary; one without IPv4 cannot be served. */
function openUdp(family: 4 | 6, port: number, report: (what: Report) => void): UdpSocket | undefined {
  try {
    return UdpSocket.open({ family, port });
  } catch (error) {
    const absent = error instanceof SysError && (error.errno === Errno.EAFNOSUPPORT || error.errno === Errno.EADDRNOTAVAIL);
    if (family === 4 || !absent) throw error;
    report({ type: 'problem', message: 'no heartbeats over IPv6', fields: { error: error.message } });
    return undefined;
  }
}

/** `auto`: wireless stations, some of whose drivers drop broadcasts that are for no address of the kernel's. */
function promiscuous(source: string | undefined): ((name: string) => boolean) | undefined {
  if (source === 'auto') return isWireless;
  const expression = pattern(source);
  return expression && ((name) => expression.test(name));
}

function pattern(source: string | undefined): RegExp | undefined {
  return source === undefined || source === '' ? undefined : new RegExp(source);
}
