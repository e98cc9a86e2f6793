/** Where the room writes its log lines. A pino logger fits as it is. */
export interface KubeLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = () => undefined;

/** Drops every line: the default where no log is given. */
export const silentLog: KubeLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };
