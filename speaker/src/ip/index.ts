/**
 * ip: IP addresses, prefixes, ranges and sets of them, as values.
 *
 * Every quantity is a BigInt interval, so that a /8 or an IPv6 /64 costs what a /32 costs: nothing here enumerates addresses.
 * Text is read strictly (no octal, short, zoned or IPv4-mapped forms) and printed canonically (RFC 5952), because the printed form is compared,
 * hashed and shown to people all over the program. Pure; imports no other room.
 */
export { addressBits, IpAddress, type IpFamily } from './ip-address';
export { IpError, type IpErrorCode } from './ip-error';
export { IpPrefix } from './ip-prefix';
export { IpRange } from './ip-range';
export { type Interval, IntervalSet } from './interval-set';
