/*
 * A home's LAN in network namespaces, with a cluster on it: for tests of everything together, benchmarks and the demo.
 * It needs Linux, iproute2, nftables and gcc; root, or user namespaces (`ensurePrivileges`).
 *
 *   const network = await Network.create({ nodes: 3 });    the LAN alone: switch, client, router, internet, nodes
 *   const cluster = await Cluster.start({ api: 'real' });  the same with an API server, where controller and speakers are started
 *   const watch = await watchLink(network, '93.5.22.44');  the outside witness, a C program that shares no code with us
 */
export * from './cluster';
export * from './cluster-options';
export * from './errors';
export * from './network';
export * from './privileges';
export * from './process';
export * from './prober';
export * from './resources';
export * from './run';
export * from './topology';
export * from './wall-clock';
