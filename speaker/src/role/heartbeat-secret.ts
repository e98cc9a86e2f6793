/** Name of the Secret with the key by which speakers recognize each other; the controller makes it, entry `secretkey` holds the key. */
export const HEARTBEAT_SECRET = 'home-load-balancer-heartbeat';
