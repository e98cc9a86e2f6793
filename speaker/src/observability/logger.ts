import pino from 'pino';

/** MetalLB's names of the levels, from most to least talkative. */
export const LOG_LEVELS = ['all', 'debug', 'info', 'warn', 'error', 'none'] as const;
export type LogLevel = typeof LOG_LEVELS[number];

/** The part of pino's logger that the program uses: fields first, then the message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const PINO_LEVEL: Record<LogLevel, string> = { all: 'trace', debug: 'debug', info: 'info', warn: 'warn', error: 'error', none: 'silent' };

/** Octets of the log that are kept while they cannot be written. */
const KEPT = 1024 * 1024;

/**
 * One JSON object per line on standard output, with MetalLB's keys: `ts` (RFC 3339), `level`, `msg`.
 *
 * Writes are synchronous: the last line before a crash is the one that matters. Lines that cannot be written (the disk is full, the reader is gone)
 * are kept, up to a mebibyte, and written with a later one: a program that serves addresses does not end for want of a log.
 */
export function createLogger(level: LogLevel, fields: object = {}): Logger {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: KEPT });
  destination.on('error', () => undefined);
  return pino({
    level: PINO_LEVEL[level],
    base: fields,
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: errorFields },
  }, destination);
}

/** An error as fields; codes and causes are what a reader searches for, stacks only help with defects of the program. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) {
    return error;
  }
  const { code, cause } = error as Error & { code?: unknown };
  return { message: error.message, ...(code === undefined ? { stack: error.stack } : { code }), ...(cause ? { cause: errorFields(cause) } : {}) };
}
