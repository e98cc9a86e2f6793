/** Lists that are longer than a datagram has room for. */
import { HEARTBEAT_ADDRESSES_LENGTH, HeartbeatAddress, heartbeatAddressLength } from '../wire';

export function pagesOf(count: number, perPage: number): number {
  return Math.ceil(count / perPage);
}

/** A page of a list; page numbers go round. */
export function pageOf<T>(list: readonly T[], page: number, perPage: number): T[] {
  const pages = pagesOf(list.length, perPage);
  if (pages === 0) return [];
  const start = (page % pages) * perPage;
  return list.slice(start, start + perPage);
}

/** Cuts a list of addresses, which differ in length, into pages. */
export function pagesOfStates(states: readonly HeartbeatAddress[]): HeartbeatAddress[][] {
  const pages: HeartbeatAddress[][] = [];
  let room = 0;
  for (const state of states) {
    const length = heartbeatAddressLength(state.address);
    if (length > room) {
      pages.push([]);
      room = HEARTBEAT_ADDRESSES_LENGTH;
    }
    pages[pages.length - 1].push(state);
    room -= length;
  }
  return pages;
}
