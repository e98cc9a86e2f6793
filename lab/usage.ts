import * as fs from 'fs';

/** What a process and its children take, in bytes; see proc(5), smaps_rollup. */
export interface Memory {
  /** Resident: every page, shared ones too. */
  readonly rss: number;
  /** Resident, a shared page counted by its share: what more of these processes would cost. */
  readonly pss: number;
  /** Pages of nobody else, clean or dirty. */
  readonly private: number;
}

/** What a process group takes: a role may consist of several processes. */
export function memoryOf(group: number): Memory {
  const each = processesOf(group).map((pid) => {
    const text = read(`/proc/${pid}/smaps_rollup`);
    const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
    return { rss: bytes('Rss'), pss: bytes('Pss'), private: bytes('Private_Clean') + bytes('Private_Dirty') };
  });
  const sum = (field: keyof Memory) => each.reduce((total, one) => total + one[field], 0);
  return { rss: sum('rss'), pss: sum('pss'), private: sum('private') };
}

/** The most that a process group has had resident so far, in bytes (`VmHWM`). */
export function peakMemoryOf(group: number): number {
  return processesOf(group).reduce((total, pid) => total + Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024, 0);
}

/** Processor time of a process group so far, all threads, in nanoseconds (`schedstat`, first field). */
export function cpuTimeOf(group: number): number {
  return processesOf(group).flatMap((pid) => list(`/proc/${pid}/task`).map((task) => Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0])))
    .reduce((total, time) => total + time, 0);
}

function processesOf(group: number): string[] {
  return list('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const stat = read(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === group; // field 5, pgrp
  });
}

/** Empty for what has ended meanwhile. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
