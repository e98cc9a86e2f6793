/** Why a port could not be opened, in words that name the flag to change. */
export function listenError(error: NodeJS.ErrnoException, port: number, flag: string): Error {
  const message = error.code === 'EADDRINUSE'
    ? `port ${port} is in use by another process: choose another with ${flag} (a second load balancer on this node?)`
    : `cannot listen on port ${port} (${flag}): ${error.message}`;
  return Object.assign(new Error(message), { code: error.code });
}
